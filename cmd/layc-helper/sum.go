package main

import (
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// sum512 fails unless a file has a SHA-512 checksum.
func sum512(want, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("the download has the SHA-512 checksum\n  %s\nbut the program declares\n  %s", got, want)
	}
	return nil
}
