// The app of the Node.js images: waits until SIGTERM.
process.on('SIGTERM', () => process.exit(0)) // PID 1 has no default action
console.log(`serving as ${process.getuid()}:${process.getgid()}`)
setInterval(() => {}, 60000)
