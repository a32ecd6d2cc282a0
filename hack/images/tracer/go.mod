module dshell.test/tracer

go 1.24
