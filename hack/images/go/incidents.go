package main

import (
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const crashed = 134 // as a shell calls the end by SIGABRT

var started = time.Now()

// crashOnce leaves a core file, most of it holes, and ends; where one is already, it does nothing.
func crashOnce(what string) {
	path, size, found := pathAndSize(what)
	if !found {
		return
	}
	if _, err := os.Stat(path); err == nil {
		return
	}
	must(os.MkdirAll(filepath.Dir(path), 0o755))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	must(err)
	must(file.Truncate(int64(size)))
	header := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 9)...)
	_, err = file.WriteAt(append(header, 4, 0), 0) // ET_CORE
	must(err)
	_, err = file.WriteAt([]byte("the stack of the thread that crashed"), int64(size/2))
	must(err)
	must(file.Close())
	log.Print("panic: total out of range; core written to ", path)
	os.Exit(crashed)
}

// beJVM answers SIGQUIT as a JVM does: what each thread is at, on stdout, and the app goes on.
func beJVM(deadlock bool) {
	mapLibrary(filepath.Join(os.TempDir(), "libjvm.so"))
	asked := make(chan os.Signal, 8)
	signal.Notify(asked, syscall.SIGQUIT)
	go func() {
		for range asked {
			fmt.Print(threads(time.Now(), deadlock))
		}
	}()
}

// mapLibrary has the file in /proc/PID/maps, by which a JVM is known.
func mapLibrary(path string) {
	must(os.WriteFile(path, []byte("\x7fELF"), ownPermissions))
	file, err := os.Open(path)
	must(err)
	_, err = syscall.Mmap(int(file.Fd()), 0, 4, syscall.PROT_READ, syscall.MAP_PRIVATE)
	must(err)
	must(file.Close())
}

func threads(now time.Time, deadlock bool) string {
	dump := now.UTC().Format("2006-01-02 15:04:05") + "\n" +
		"Full thread dump OpenJDK 64-Bit Server VM (21.0.4+7-LTS mixed mode, sharing):\n\n"
	for number, name := range []string{"main", "http-worker-1", "http-worker-2"} {
		id := number + 1
		dump += fmt.Sprintf("%q #%d prio=5 os_prio=0 cpu=%.2fms elapsed=%.2fs tid=0x%012x nid=%d\n",
			name, id, 1.5*float64(id), now.Sub(started).Seconds(), 0x7f0000000000+id<<12, 6+id)
		dump += frames(name, deadlock) + "\n"
	}
	dump += "JNI global refs: 15, weak refs: 0\n\n"
	if deadlock {
		dump += "Found one Java-level deadlock:\n=============================\n" +
			"\"http-worker-1\":\n  waiting to lock monitor 0x1 (object 0x2, a shop.Stock),\n" +
			"  which is held by \"http-worker-2\"\n\nFound 1 deadlock.\n\n"
	}
	return dump + "Heap\n garbage-first heap   total 262144K, used 2048K [0x0000000700000000, 0x0000000800000000)\n\n"
}

func frames(thread string, deadlock bool) string {
	if deadlock && thread != "main" {
		return "   java.lang.Thread.State: BLOCKED (on object monitor)\n" +
			"\tat shop.Orders.total(Orders.java:42)\n\t- waiting to lock <0x2> (a shop.Stock)\n"
	}
	return "   java.lang.Thread.State: RUNNABLE\n\tat shop.Server.accept(Server.java:17)\n"
}
