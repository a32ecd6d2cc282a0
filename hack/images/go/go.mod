module dshell.test/app

go 1.24
