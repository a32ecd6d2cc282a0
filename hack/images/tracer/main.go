// seize PID: attaches to a process as a debugger does, says who traces it, and leaves.
//
// PTRACE_SEIZE asks the kernel for the same as PTRACE_ATTACH (PTRACE_MODE_ATTACH_REALCREDS), but does not stop the
// process; and the kernel detaches a tracer that ends. So nothing can go wrong that would leave the process stopped.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

const ptraceSeize = 0x4206

func main() {
	runtime.LockOSThread()
	pid, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, ptraceSeize, uintptr(pid), 0, 0, 0, 0); errno != 0 {
		fmt.Println("ptrace:", errno)
		os.Exit(1)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "TracerPid:") {
			fmt.Println("attached:", strings.TrimSpace(line[len("TracerPid:"):]) == strconv.Itoa(syscall.Gettid()))
		}
	}
}
