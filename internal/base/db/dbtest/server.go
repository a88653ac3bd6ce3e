package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// EnvPostgres names a server for the tests; without it they start their own
// from the machine's PostgreSQL binaries.
const EnvPostgres = "ROCKETBANK_TEST_POSTGRES"

var once struct {
	sync.Once
	url, why string
	leash    io.WriteCloser // open as long as this process lives
}

// server gives the address of a PostgreSQL server, or why there is none.
func server() (url, why string) {
	once.Do(func() {
		if once.url = os.Getenv(EnvPostgres); once.url != "" {
			return
		}
		u, err := start()
		if err != nil {
			once.why = err.Error() + "; install PostgreSQL or set " + EnvPostgres
			return
		}
		once.url = u
	})
	return once.url, once.why
}

// start makes a private cluster in a temporary folder. A shell watches the
// pipe to this process and stops the server and removes the folder when the
// pipe closes, so that nothing is left behind even after a crash.
func start() (string, error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "rbpg")
	if err != nil {
		return "", err
	}
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		who, err := user.Lookup("postgres")
		if err != nil {
			return "", err
		}
		uid, _ := strconv.Atoi(who.Uid)
		gid, _ := strconv.Atoi(who.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return "", err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} // #nosec G115 -- a user id is 32 bits
	}
	script := `set -e
"$1/initdb" -D "$2/data" -U postgres -A trust --no-sync -E UTF8 --locale=C >"$2/init.log" 2>&1
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=300 -c shared_buffers=128MB >"$2/server.log" 2>&1 &
cat >/dev/null || true
kill -INT $! || true
wait $! || true
rm -rf "$2"`
	cmd := exec.Command("/bin/sh", "-c", script, "sh", bin, dir) // #nosec G204 -- our own script, our own paths
	cmd.SysProcAttr, cmd.Dir = attr, dir
	leash, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	once.leash = leash
	if err := cmd.Start(); err != nil {
		return "", err
	}
	addr := "postgres:///postgres?" + url.Values{"host": {dir}, "user": {"postgres"}}.Encode()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ping(addr) == nil {
			return addr, nil
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, "server.log"))
	return "", fmt.Errorf("a private server did not start within a minute: %s", log)
}

func ping(addr string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	d, err := sql.Open("pgx", addr)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.PingContext(ctx)
}

// binaries finds the folder with initdb and postgres, the newest version first.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("no PostgreSQL binaries on this machine")
	}
	return filepath.Dir(path), nil
}
