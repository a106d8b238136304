package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	contentmeta "github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/core/snapshots/storage"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// A state is databases, and the files that they refer to. If somebody deletes or cuts
// some of them, BuildKit fails at each build, or crashes as it reads a database. So a
// state that is not as its last engine left it is looked at before it is opened, and
// emptied if it is damaged: it is only a cache. What is in the files of snapshots is
// not looked at, as that takes as long as building.

// The databases do not wait for the disk after each transaction: a build makes thousands, and most
// of the time of a build without changes was this. They are synchronised when the engine closes. If
// its process is killed, the kernel has all that it wrote. If the machine stops, writes may be
// lost, and not in their order, so a database may look whole and yet have pages of different times.
// That is not looked for: a state that was open when the machine stopped is emptied.

// bootName is the file of the state with the boot of the machine in which it was opened.
const bootName = "boot"

// bootID returns what differs between boots of the machine.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // without it, all boots are one
	return string(id)
}

// unsynced are the options of a database that is synchronised when it is closed.
func unsynced() *bolt.Options {
	return &bolt.Options{FreelistType: bolt.FreelistMapType, NoFreelistSync: true, NoSync: true, NoGrowSync: true}
}

// closedName is the file of the state that says how the last engine left it.
const closedName = "closed"

// leftOpen reports whether the last owner of a state did not close it, and whether the machine
// stopped meanwhile.
func leftOpen(state string) (killed, stopped bool) {
	pid, _ := os.ReadFile(filepath.Join(state, lockName))
	before, err := os.ReadFile(filepath.Join(state, bootName))
	killed = len(pid) > 0
	return killed, killed && (err != nil || string(before) != bootID())
}

// unclosed reports whether the last owner of a state did not close it, and nobody has it open: the next
// engine removes what that owner left.
func unclosed(state string) bool {
	killed, _ := leftOpen(state)
	return killed && Running(state) == 0
}

// unusedCache tells why an engine cannot use the cache of a state, whatever is in it; "" if it can.
func unusedCache(state string, stopped bool) string {
	had, err := os.ReadFile(filepath.Join(state, formatName))
	switch {
	case stopped:
		return "was in use when the machine stopped"
	case string(had) != format && (err == nil || errors.Is(err, fs.ErrNotExist)):
		return "is of another version of layc, which compresses layers differently"
	}
	return ""
}

// Doomed tells why the engine that is opened next on a state directory removes the cache there: "is
// damaged (cache.db is missing or empty)", for example. It is "" if the engine keeps the cache, or if
// a process uses it. Doomed changes nothing.
func Doomed(state string) string {
	worker, _ := filepath.Glob(filepath.Join(state, "runc-*")) // the pattern is valid
	if _, err := os.Stat(filepath.Join(state, "cache.db")); len(worker) == 0 && err != nil || Running(state) != 0 {
		return ""
	}
	killed, stopped := leftOpen(state)
	if why := unusedCache(state, stopped); why != "" {
		return why
	}
	if damage, _ := storeOf(state).doubt(killed); damage != nil {
		return fmt.Sprintf("is damaged (%v)", damage)
	}
	return ""
}

// doubt looks at a cache if its last engine did not leave it as it is, or asked for that, and returns
// what is wrong. thorough: it was asked for.
func (s store) doubt(killed bool) (damage error, thorough bool) {
	_, err := os.Stat(filepath.Join(s.state, suspectName))
	thorough = err == nil
	left, _ := os.ReadFile(filepath.Join(s.state, closedName))
	if !thorough && !killed && string(left) == s.looks() {
		return nil, false
	}
	return s.damage(thorough), thorough
}

// renew empties a state whose cache it cannot use, and tells the user.
func (e *embedded) renew(notice func(string)) error {
	name := filepath.Join(e.state, formatName)
	why := unusedCache(e.state, e.stopped)
	if why == "" {
		return nil
	}
	s := storeOf(e.state)
	if _, err := os.Stat(s.records()); err == nil {
		if err := s.empty(); err != nil {
			return damaged(e.state, err)
		}
		if notice != nil {
			notice(fmt.Sprintf("the cache in %s %s; removed it, building without it", e.state, why))
		}
	}
	return os.WriteFile(name, []byte(format), 0o600)
}

// repair empties the state if it is damaged, and tells the user why.
func (e *embedded) repair(notice func(string)) error {
	if err := e.renew(notice); err != nil {
		return err
	}
	s := storeOf(e.state)
	damage, thorough := s.doubt(e.killed)
	if damage != nil {
		if err := s.empty(); err != nil {
			return damaged(e.state, err)
		}
		e.cleared = true
		if notice != nil {
			notice(fmt.Sprintf("the engine's state directory %s was damaged (%v); removed its cache, building without it", e.state, damage))
		}
	}
	if thorough {
		return os.Remove(filepath.Join(e.state, suspectName))
	}
	return nil
}

// leave notes how the state looks, which is closed.
func (e *embedded) leave() error {
	return os.WriteFile(filepath.Join(e.state, closedName), []byte(storeOf(e.state).looks()), 0o600)
}

// store is the cache in a state: its directory, and the worker's.
type store struct{ state, worker string }

func storeOf(state string) store {
	return store{state, filepath.Join(state, "runc-"+snapshotterFor(state))}
}

func (s store) databases() []string {
	return []string{
		filepath.Join(s.state, "cache.db"), filepath.Join(s.state, "history.db"),
		s.records(), filepath.Join(s.worker, "metadata_v2.db"), filepath.Join(s.snapshots(), "metadata.db"),
	}
}

func (s store) records() string   { return filepath.Join(s.worker, "containerdmeta.db") }
func (s store) snapshots() string { return filepath.Join(s.worker, "snapshots") }
func (s store) blob(d digest.Digest) string {
	return filepath.Join(s.worker, "content", "blobs", d.Algorithm().String(), d.Encoded())
}

// looks is a digest of what shows at a glance: sizes and times of the databases and
// blobs, and which snapshots there are. Each start and end of an engine looks at thousands of files, so it
// goes from their directories, and not from the root for each.
func (s store) looks() string {
	h := sha256.New()
	var line []byte
	glance := func(dir int, name, file string) {
		var is unix.Stat_t
		if err := unix.Fstatat(dir, file, &is, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			is = unix.Stat_t{Size: -1}
		} else if is.Mode&unix.S_IFMT == unix.S_IFDIR {
			is = unix.Stat_t{} // what is in it is not looked at
		}
		line = strconv.AppendInt(append(append(line[:0], name...), ' '), is.Size, 10)
		line = strconv.AppendInt(append(line, ' '), unix.TimespecToNsec(is.Mtim), 10)
		h.Write(append(line, '\n'))
	}
	each := func(path, within string) {
		dir, err := os.Open(path)
		if err != nil {
			return
		}
		defer dir.Close()
		names, _ := dir.Readdirnames(-1) // what could be read of a directory is how it looks
		slices.Sort(names)
		for _, name := range names {
			glance(int(dir.Fd()), name, name+within)
		}
	}
	for _, name := range s.databases() {
		glance(unix.AT_FDCWD, name, name)
	}
	each(filepath.Join(s.worker, "content", "blobs", string(digest.Canonical)), "")
	each(filepath.Join(s.snapshots(), "snapshots"), "/fs")
	return hex.EncodeToString(h.Sum(nil))
}

// empty removes the cache.
func (s store) empty() error {
	workers, _ := filepath.Glob(filepath.Join(s.state, "runc-*")) // the pattern is valid
	var errs []error
	for _, name := range append(workers, s.databases()[:2]...) {
		errs = append(errs, os.RemoveAll(name))
	}
	return errors.Join(errs...)
}

// damage is what is wrong with the cache, or nil. If it is to be thorough, that
// includes the content of blobs.
func (s store) damage(thorough bool) error {
	var there, missing []string
	for _, name := range s.databases() {
		if info, err := os.Stat(name); err == nil && info.Size() > 0 {
			there = append(there, name)
		} else {
			missing = append(missing, name)
		}
	}
	if len(there) == 0 {
		return nil // nobody has built with it
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s is missing or empty", filepath.Base(missing[0]))
	}
	for _, name := range there {
		if err := readThrough(name); err != nil {
			return fmt.Errorf("%s cannot be read: %w", filepath.Base(name), err)
		}
	}
	if err := s.missingSnapshot(); err != nil {
		return err
	}
	return s.missingBlob(thorough)
}

// readThrough reads all of a database. Where it is cut or overwritten, the library
// panics, or reads memory that is not there.
func readThrough(name string) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("it is damaged")
		}
	}()
	db, err := bolt.Open(name, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return err
	}
	defer db.Close()
	var walk func(b *bolt.Bucket) error
	walk = func(b *bolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error {
			if v == nil {
				return walk(b.Bucket(k))
			}
			_, err := io.Discard.Write(append(k[:len(k):len(k)], v...)) // reads both
			return err
		})
	}
	return db.View(func(tx *bolt.Tx) error {
		if info, err := os.Stat(name); err != nil || info.Size() < tx.Size() {
			return errors.Join(err, errors.New("it is truncated"))
		}
		return tx.ForEach(func(_ []byte, b *bolt.Bucket) error { return walk(b) })
	})
}

// missingSnapshot returns an error if a snapshot has no directory.
func (s store) missingSnapshot() error {
	db, err := storage.NewMetaStore(filepath.Join(s.snapshots(), "metadata.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.WithTransaction(context.Background(), false, func(ctx context.Context) error {
		err := storage.WalkInfo(ctx, func(ctx context.Context, info snapshots.Info) error {
			id, _, _, err := storage.GetInfo(ctx, info.Name)
			dir := filepath.Join(s.snapshots(), "snapshots", id)
			if filepath.Base(s.worker) != "runc-"+copies {
				dir = filepath.Join(dir, "fs")
			} else if info.Kind == snapshots.KindView && info.Parent != "" {
				return err // a view of copies is its parent's directory
			}
			if err != nil {
				return err
			}
			if _, err := os.Stat(dir); err != nil {
				return fmt.Errorf("the snapshot %s is missing", id)
			}
			return nil
		})
		if errdefs.IsNotFound(err) {
			return nil // there was none yet
		}
		return err
	})
}

// missingBlob returns an error if a blob is not there, or is not as long as recorded;
// also if it has other content, if that is asked for.
func (s store) missingBlob(thorough bool) error {
	db, err := bolt.Open(s.records(), 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return err
	}
	defer db.Close()
	records := contentmeta.NewDB(db, nil, nil)
	return records.ContentStore().Walk(namespaces.WithNamespace(context.Background(), namespace), func(i content.Info) error {
		f, err := os.Open(s.blob(i.Digest))
		if err != nil {
			return fmt.Errorf("the blob %s is missing", i.Digest)
		}
		defer f.Close()
		if info, err := f.Stat(); err != nil || info.Size() != i.Size {
			return fmt.Errorf("the blob %s is truncated", i.Digest)
		}
		if !thorough {
			return nil
		}
		if sum, err := i.Digest.Algorithm().FromReader(f); err != nil || sum != i.Digest {
			return fmt.Errorf("the blob %s has other content", i.Digest)
		}
		return nil
	})
}
