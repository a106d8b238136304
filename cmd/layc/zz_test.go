package main

import "testing"

func TestZZ(t *testing.T) {
	s := newShop(t)
	s.dir = "../../testdata/stdlib"
	s.run("stand-ins", (*shop).standsIn)
}
