// The app of the test images: serves a little HTTP until SIGTERM and never waits for children it did not start, so an
// orphan that falls to it as PID 1 stays a zombie for a test to see.
//
//	server [flags] [serve|version|jvm|pause|nginx|worker|step-down|setuid|undumpable]
package main

import (
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	workerID       = 101 // the nginx image's user
	prSetDumpable  = 4
	ownPermissions = 0o600
)

var (
	core      = flag.String("core", "", "PATH=BYTES: if it is not there, leave a core file of that size and crash")
	deadlock  = flag.Bool("deadlock", false, "the threads that jvm shows wait for each other")
	exitCode  = flag.Int("exit-code", 0, "exit status of -exit-after, -exit-file and SIGUSR1")
	exitAfter = flag.Duration("exit-after", 0, "end by itself after this time")
	exitFile  = flag.String("exit-file", "", "end once this file exists")
	fill      = flag.String("fill", "", "PATH=BYTES: first write a file of that size, the same bytes each time")
	orphan    = flag.Bool("orphan", false, "have a child and a grandchild that nobody waits for")
	port      = flag.String("port", "8080", "port of the HTTP server; empty for none")
	signals   = flag.Bool("signals", false, "print each signal that arrives")
)

func main() {
	flag.Parse()
	fillFile(*fill)
	crashOnce(*core)
	if *orphan {
		start("parent")
	}
	switch mode := flag.Arg(0); mode {
	case "", "serve", "worker-stepped-down":
	case "jvm":
		beJVM(*deadlock)
	case "version":
		fmt.Println("server 1")
		return
	case "pause":
		reapForever()
	case "nginx": // a root master, and a worker that changes its ids after exec
		start("worker")
	case "worker":
		*port = ""
		stepDown()
	case "parent": // ends before its child does, which falls to PID 1
		start("child")
		return
	case "child":
		time.Sleep(200 * time.Millisecond)
		return
	case "step-down": // gosu: the ids change, then exec
		stepDown()
		must(syscall.Exec(itself(), append([]string{os.Args[0]}, rest("worker-stepped-down")...), os.Environ()))
	case "setuid":
		stepDown()
	case "undumpable":
		if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, 0, 0); errno != 0 {
			log.Fatal(errno)
		}
	default:
		log.Fatalf("no such mode: %s", mode)
	}
	serve()
}

func serve() {
	if *port != "" {
		listen()
	}
	if *signals {
		printSignals()
	}
	fmt.Printf("serving as %d:%d\n", os.Getuid(), os.Getgid())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGUSR1)
	timer := make(<-chan time.Time)
	if *exitAfter > 0 {
		timer = time.After(*exitAfter)
	}
	poll := make(<-chan time.Time)
	if *exitFile != "" {
		poll = time.Tick(50 * time.Millisecond)
	}
	for {
		select {
		case <-timer:
			os.Exit(*exitCode)
		case <-poll:
			if _, err := os.Stat(*exitFile); err == nil {
				os.Exit(*exitCode)
			}
		case name := <-stop:
			if name == syscall.SIGUSR1 {
				os.Exit(*exitCode)
			}
			os.Exit(0)
		}
	}
}

// printSignals leaves out SIGURG, which the Go runtime sends itself.
func printSignals() {
	arrived := make(chan os.Signal, 64)
	signal.Notify(arrived)
	go func() {
		for name := range arrived {
			if name != syscall.SIGURG {
				fmt.Println("signal:", name)
			}
		}
	}()
}

// listen serves when the port can be had: an app that shares its network with another only goes without.
func listen() {
	listener, err := net.Listen("tcp", ":"+*port)
	if err != nil {
		log.Print(err)
		return
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	go func() { log.Fatal(http.Serve(listener, handler)) }()
}

// reapForever is what the pause process of a pod does: with a shared PID namespace every orphan of the pod falls to it.
func reapForever() {
	events := make(chan os.Signal, 16)
	signal.Notify(events, syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT)
	for name := range events {
		if name != syscall.SIGCHLD {
			os.Exit(0)
		}
		for {
			if pid, _ := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 {
				break
			}
		}
	}
}

func stepDown() {
	must(syscall.Setgroups(nil))
	must(syscall.Setgid(workerID))
	must(syscall.Setuid(workerID))
}

func start(mode string) {
	worker := exec.Command(itself(), mode)
	worker.Stdout, worker.Stderr = os.Stdout, os.Stderr
	must(worker.Start())
}

func fillFile(what string) {
	path, left, found := pathAndSize(what)
	if !found {
		return
	}
	must(os.MkdirAll(filepath.Dir(path), 0o755))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, ownPermissions)
	must(err)
	source := rand.NewChaCha8([32]byte{})
	for left > 0 {
		block := make([]byte, min(left, 1<<20))
		source.Read(block)
		_, err := file.Write(block)
		must(err)
		left -= len(block)
	}
	must(file.Close())
}

func pathAndSize(what string) (string, int, bool) {
	path, size, found := strings.Cut(what, "=")
	if !found {
		return "", 0, false
	}
	number, err := strconv.Atoi(size)
	must(err)
	return path, number, true
}

// rest is the command line again with another mode.
func rest(mode string) []string {
	words := []string{}
	flag.Visit(func(f *flag.Flag) { words = append(words, "-"+f.Name+"="+f.Value.String()) })
	return append(words, mode)
}

func itself() string {
	path, err := os.Executable()
	must(err)
	return path
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
