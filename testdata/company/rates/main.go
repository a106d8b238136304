// Rates tells the rates of currencies. With --check it names the authorities that it trusts.
package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"net/http"
	"os"

	"golang.org/x/text/currency"
)

func main() {
	if len(os.Args) > 1 {
		check()
		return
	}
	log.Fatal(http.ListenAndServe(":8004", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "1 %s is 1.1 %s", currency.EUR, currency.USD)
	})))
}

func check() {
	text, err := os.ReadFile(os.Getenv("SSL_CERT_FILE"))
	if err != nil {
		log.Fatal(err)
	}
	for block, rest := pem.Decode(bytes.TrimSpace(text)); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(certificate.Subject)
	}
}
