// Command step is the program in the build steps of the engine's tests. It is static, so a root
// file system needs nothing else.
//
//	step write FILE TEXT   writes the text, with a fixed time
//	step sleep NAME        waits longer than any test; the name is for who looks for it
//	step fail CODE         prints 30 lines and exits with the code
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	arg := func(i int) int { n, _ := strconv.Atoi(os.Args[i]); return n }
	switch os.Args[1] {
	case "write":
		if err := os.WriteFile(os.Args[2], []byte(os.Args[3]), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "sleep":
		fmt.Println("asleep")
		time.Sleep(time.Hour)
	case "fail":
		for i := range 30 {
			fmt.Println("line", i+1)
		}
		os.Exit(arg(2))
	}
}
