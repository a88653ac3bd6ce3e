package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"rocketbank/internal/base/db"
)

// Ops are the operations of a disk that can be made to fail.
type Ops uint8

// Writes are writes and truncations, Syncs are what makes them last.
const (
	Writes Ops = 1 << iota
	Syncs
)

// Fault says which operation of a [Disk] fails and how.
type Fault struct {
	Ops     Ops  // which operations count
	At      int  // the number of the one that fails, from 1; 0 never
	Full    bool // says that the disk is full instead of broken
	Torn    bool // half of a failing write reaches the file
	Done    bool // all of it does, and only the answer is bad
	Forever bool // everything after it fails too
}

// Disk is a folder for SQLite files whose operations can be made to fail. It
// stands between SQLite and the operating system, so that everything above,
// SQLite's own recovery included, is the real thing.
type Disk struct {
	dir string

	mu    sync.Mutex
	fault Fault
	seen  int
	hit   bool
	watch func()
}

// disks knows which files belong to which disk. SQLite has one list of file
// systems per process, so this is one per process too.
var disks struct {
	sync.Mutex
	once    sync.Once
	under   uintptr // the operating system's own
	list    []*Disk
	files   sync.Map            // address of an open file → *diskFile
	methods map[uintptr]uintptr // the system's table of operations → ours
}

// diskFile is an open file of a disk with the operations it had before.
type diskFile struct {
	disk *Disk
	old  *sqlite3.Tsqlite3_io_methods
}

// NewDisk makes a disk that works until it is told to break.
func NewDisk(t *testing.T) *Disk {
	t.Helper()
	disks.once.Do(installDisks)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &Disk{dir: dir}
	disks.Lock()
	disks.list = append(disks.list, d)
	disks.Unlock()
	t.Cleanup(func() {
		disks.Lock()
		disks.list = slices.DeleteFunc(disks.list, func(x *Disk) bool { return x == d })
		disks.Unlock()
	})
	return d
}

// URL gives the address of the disk's database.
func (d *Disk) URL() string { return "sqlite:" + d.file() }

func (d *Disk) file() string { return filepath.Join(d.dir, "bank.db") }

// Break sets the next fault and starts counting anew.
func (d *Disk) Break(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.seen, d.hit = f, 0, false
}

// Watch runs fn before each write and each sync, for tests that look at the
// files as a process killed there would leave them. It must not use SQLite.
func (d *Disk) Watch(fn func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watch = fn
}

// Mend makes everything work again and tells whether a fault had come.
func (d *Disk) Mend() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = Fault{}
	return d.hit
}

// After copies what a restart would find if the process died now: the files
// without the memory that its connections shared.
func (d *Disk) After(t *testing.T) (url string) {
	t.Helper()
	dir := t.TempDir()
	copyFiles(t, d.dir, dir)
	return "sqlite:" + filepath.Join(dir, "bank.db")
}

// Load puts the database of another folder onto the disk.
func (d *Disk) Load(t *testing.T, url string) {
	t.Helper()
	copyFiles(t, filepath.Dir(strings.TrimPrefix(url, "sqlite:")), d.dir)
}

func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{"bank.db", "bank.db-wal"} {
		if err := copyFile(filepath.Join(from, name), filepath.Join(to, name)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// next counts an operation and tells whether it fails, and how.
func (d *Disk) next(op Ops) (f Fault, fails bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.watch != nil {
		d.watch()
	}
	if d.fault.At == 0 {
		return f, false
	}
	if d.hit {
		return d.fault, d.fault.Forever
	}
	if d.fault.Ops&op == 0 {
		return f, false
	}
	if d.seen++; d.seen < d.fault.At {
		return f, false
	}
	d.hit = true
	return d.fault, true
}

// installDisks makes a file system that is the operating system's but for the
// files of disks, and makes it SQLite's default.
func installDisks() {
	tls := libc.NewTLS()
	disks.methods = map[uintptr]uintptr{}
	disks.under = sqlite3.Xsqlite3_vfs_find(tls, 0)
	name, err := libc.CString("rocketbank-test-disk")
	if err != nil {
		panic(err)
	}
	ours := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{}))) // #nosec G103 -- SQLite's own structures
	if ours == 0 {
		panic("no memory")
	}
	v := at[sqlite3.Tsqlite3_vfs](ours)
	*v = *at[sqlite3.Tsqlite3_vfs](disks.under)
	v.FzName, v.FxOpen = name, address(diskOpen)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, ours, 1); rc != sqlite3.SQLITE_OK {
		panic(fmt.Sprintf("SQLite refused the disk: %d", rc))
	}
}

func diskOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
	open := function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](at[sqlite3.Tsqlite3_vfs](disks.under).FxOpen)
	rc := open(tls, vfs, name, file, flags, outFlags)
	if rc != sqlite3.SQLITE_OK || name == 0 {
		return rc
	}
	path := libc.GoString(name)
	disks.Lock()
	defer disks.Unlock()
	for _, d := range disks.list {
		if strings.HasPrefix(path, d.dir+"/") {
			f := at[sqlite3.Tsqlite3_file](file)
			disks.files.Store(file, &diskFile{d, at[sqlite3.Tsqlite3_io_methods](f.FpMethods)})
			f.FpMethods = diskMethods(tls, f.FpMethods)
		}
	}
	return rc
}

// diskMethods makes our copy of a table of operations, once.
func diskMethods(tls *libc.TLS, old uintptr) uintptr {
	if have := disks.methods[old]; have != 0 {
		return have
	}
	table := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_io_methods{}))) // #nosec G103 -- SQLite's own structures
	if table == 0 {
		panic("no memory")
	}
	m := at[sqlite3.Tsqlite3_io_methods](table)
	*m = *at[sqlite3.Tsqlite3_io_methods](old)
	m.FxClose, m.FxWrite, m.FxTruncate, m.FxSync = address(diskClose), address(diskWrite), address(diskTruncate), address(diskSync)
	disks.methods[old] = table
	return table
}

func diskFileOf(file uintptr) *diskFile {
	f, ok := disks.files.Load(file)
	if !ok {
		panic("a file of no disk")
	}
	return f.(*diskFile)
}

func diskClose(tls *libc.TLS, file uintptr) int32 {
	f := diskFileOf(file)
	disks.files.Delete(file)
	return function[func(*libc.TLS, uintptr) int32](f.old.FxClose)(tls, file)
}

func diskWrite(tls *libc.TLS, file, buf uintptr, n int32, offset sqlite3.Tsqlite3_int64) int32 {
	f := diskFileOf(file)
	write := function[func(*libc.TLS, uintptr, uintptr, int32, sqlite3.Tsqlite3_int64) int32](f.old.FxWrite)
	how, fails := f.disk.next(Writes)
	if !fails {
		return write(tls, file, buf, n, offset)
	}
	if how.Done {
		write(tls, file, buf, n, offset)
	} else if how.Torn {
		write(tls, file, buf, n/2, offset)
	}
	if how.Full {
		return sqlite3.SQLITE_FULL
	}
	return sqlite3.SQLITE_IOERR_WRITE
}

func diskTruncate(tls *libc.TLS, file uintptr, size sqlite3.Tsqlite3_int64) int32 {
	f := diskFileOf(file)
	if _, fails := f.disk.next(Writes); fails {
		return sqlite3.SQLITE_IOERR_TRUNCATE
	}
	return function[func(*libc.TLS, uintptr, sqlite3.Tsqlite3_int64) int32](f.old.FxTruncate)(tls, file, size)
}

func diskSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	f := diskFileOf(file)
	if _, fails := f.disk.next(Syncs); fails {
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	return function[func(*libc.TLS, uintptr, int32) int32](f.old.FxSync)(tls, file, flags)
}

// at gives what lies at an address that SQLite has told. The memory is not
// Go's, so the collector never moves it.
func at[T any](p uintptr) *T {
	return (*T)(*(*unsafe.Pointer)(unsafe.Pointer(&p))) // #nosec G103 -- SQLite's own structures
}

// function gives the operation that SQLite keeps as an address.
func function[F any](p uintptr) F {
	return *(*F)(unsafe.Pointer(&struct{ uintptr }{p})) // #nosec G103 -- how the driver itself keeps functions
}

// address is the reverse of function; f must be declared, not a closure.
func address[F any](f F) uintptr {
	return *(*uintptr)(unsafe.Pointer(&f)) // #nosec G103 -- how the driver itself keeps functions
}

// Faults gives every way a disk breaks; the caller sets At.
func Faults() map[string]Fault {
	return map[string]Fault{
		"write fails":            {Ops: Writes},
		"write is torn":          {Ops: Writes, Torn: true},
		"written, but not told":  {Ops: Writes, Done: true},
		"disk full":              {Ops: Writes, Full: true, Torn: true, Forever: true},
		"sync fails":             {Ops: Syncs},
		"disk gone":              {Ops: Writes | Syncs, Forever: true},
		"disk gone after a sync": {Ops: Syncs, Forever: true},
	}
}

// Squeeze makes SQLite use its disk more than it would with few rows: pages
// leave its memory inside transactions, and the log goes back into the file
// every few commits.
func Squeeze(t *testing.T, d *db.DB) {
	t.Helper()
	ctx := context.Background()
	err := d.WithWriter(ctx, func(c *sql.Conn) error {
		_, err := c.ExecContext(ctx, "PRAGMA cache_size = 4; PRAGMA wal_autocheckpoint = 12")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
