// Server answers with what a package computes.
package main

import (
	"fmt"
	"net/http"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

func main() {
	http.ListenAndServe(":8080", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, cases.Title(language.English).String("hello from go"))
	}))
}
