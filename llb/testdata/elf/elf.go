// Package elf creates ELF files that list their needs and have no code, for tests of the search
// for libraries.
package elf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// File is the part of an ELF file that its loader reads.
type File struct {
	Machine     elf.Machine // 0: x86-64
	Interpreter string      // "": a library
	Needed      []string
	RunPath     string
	RPath       string
}

const (
	headerSize  = 64
	programSize = 56
	sectionSize = 64
)

// Bytes returns the file's content.
func (f File) Bytes() []byte {
	// Strings, each after a zero byte: names by their offset.
	text := []byte{0}
	name := func(s string) uint64 {
		at := len(text)
		text = append(append(text, s...), 0)
		return uint64(at)
	}
	var dynamic []elf.Dyn64
	add := func(tag elf.DynTag, s string) {
		if s != "" {
			dynamic = append(dynamic, elf.Dyn64{Tag: int64(tag), Val: name(s)})
		}
	}
	for _, n := range f.Needed {
		add(elf.DT_NEEDED, n)
	}
	add(elf.DT_RUNPATH, f.RunPath)
	add(elf.DT_RPATH, f.RPath)
	dynamic = append(dynamic, elf.Dyn64{Tag: int64(elf.DT_NULL)})
	interpreter := name(f.Interpreter)

	texts := uint64(headerSize + programSize)
	dyn := (texts + uint64(len(text)) + 7) &^ 7
	sections := dyn + uint64(16*len(dynamic))
	h := elf.Header64{
		Type: uint16(elf.ET_DYN), Machine: uint16(f.machine()), Version: uint32(elf.EV_CURRENT),
		Phoff: headerSize, Shoff: sections, Ehsize: headerSize, Phentsize: programSize, Shentsize: sectionSize, Shnum: 3, Shstrndx: 1,
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	if f.Interpreter != "" {
		h.Phnum = 1
	}
	program := elf.Prog64{Type: uint32(elf.PT_INTERP), Off: texts + interpreter, Filesz: uint64(len(f.Interpreter) + 1)}

	var out bytes.Buffer
	put := func(data any) { _ = binary.Write(&out, binary.LittleEndian, data) }
	put(h)
	put(program)
	put(text)
	put(make([]byte, dyn-uint64(out.Len())))
	put(dynamic)
	put(elf.Section64{})
	put(elf.Section64{Type: uint32(elf.SHT_STRTAB), Off: texts, Size: uint64(len(text))})
	put(elf.Section64{Type: uint32(elf.SHT_DYNAMIC), Off: dyn, Size: uint64(16 * len(dynamic)), Link: 1, Entsize: 16})
	return out.Bytes()
}

func (f File) machine() elf.Machine {
	if f.Machine == 0 {
		return elf.EM_X86_64
	}
	return f.Machine
}
