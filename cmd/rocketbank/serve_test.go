package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rocketbank/internal/base/db"
)

// The server for real clients, started as an operator starts it: it says when
// it is ready, tells its watchers how it stands, keeps its figures to this
// machine, and leaves in order when it is asked to.
func TestServe(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.right(t, "migrate", "up", "--db", "sqlite:"+s.at("bank.db"))
	cmd := exec.Command("rocketbank", s.flags("bank.db")...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	t.Cleanup(func() {
		if !ended {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Signal(syscall.SIGQUIT) })
	defer late.Stop()
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready cabinet="+bankOrigin+" api="+bankOrigin+"/api/v1" {
		t.Fatalf("it said %q\n%s", lines.Text(), errs.String())
	}

	for _, c := range []struct {
		url    string
		status int
	}{
		{bankOrigin + "/healthz", http.StatusOK},
		{bankOrigin + "/readyz", http.StatusOK},
		{bankOrigin + "/", http.StatusOK},
		{bankOrigin + "/api/v1/me", http.StatusUnauthorized},
		{"http://" + s.metrics + "/metrics", http.StatusOK},
		{bankOrigin + "/metrics", http.StatusNotFound},
		{consoleOrigin + "/metrics", http.StatusNotFound},
		{partnersOrigin + "/metrics", http.StatusNotFound},
		// Nothing here moves the clock or looks inside.
		{bankOrigin + "/clock", http.StatusNotFound},
		{consoleOrigin + "/clock", http.StatusNotFound},
		{partnersOrigin + "/clock", http.StatusNotFound},
		{bankOrigin + "/debug/pprof/", http.StatusNotFound},
		{consoleOrigin + "/debug/pprof/", http.StatusNotFound},
		{"http://" + s.metrics + "/debug/pprof/", http.StatusNotFound},
		{"http://" + s.metrics + "/debug/vars", http.StatusNotFound},
	} {
		if got := s.get(t, c.url); got.StatusCode != c.status {
			t.Errorf("GET %s: %s", c.url, got.Status)
		} else if strings.HasPrefix(c.url, bankOrigin) && got.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("GET %s: no HSTS", c.url)
		}
	}
	if host, _, err := net.SplitHostPort(s.metrics); err != nil || !net.ParseIP(host).IsLoopback() {
		t.Errorf("the figures are at %s", s.metrics)
	}

	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		t.Errorf("after the ready line: %q", lines.Text())
	}
	err, ended = cmd.Wait(), true
	if err != nil || strings.Contains(errs.String(), `"level":"ERROR"`) {
		t.Errorf("it ended with %v\n%s", err, errs.String())
	}
	s.right(t, "verify", "--audit", "--keys", s.at("keys.json"), "--db", "sqlite:"+s.at("bank.db"))

	if said := told(t, "demo", "--addr", "127.0.0.1:0", "--data", s.at("demo"), "--db", "sqlite:"+s.at("bank.db")); !strings.Contains(said, `made for "live", not for "demo"`) {
		t.Errorf("the demo took a bank: %s", said)
	}
}

// serve refuses what is not its own, before anything listens.
func TestServeRefusesDatabases(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, c := range map[string]struct {
		spoil func(*db.DB, *sql.DB) error
		says  string
	}{
		"demo.db":  {func(d *db.DB, _ *sql.DB) error { return d.MigrateAs(t.Context(), db.Demo) }, `made for "demo", not for "live"`},
		"bench.db": {func(d *db.DB, _ *sql.DB) error { return d.MigrateAs(t.Context(), db.Bench) }, `made for "bench", not for "live"`},
		"empty.db": {func(*db.DB, *sql.DB) error { return nil }, "older than this program; run: rocketbank migrate up"},
		"newer.db": {func(d *db.DB, raw *sql.DB) error {
			if err := d.Migrate(t.Context()); err != nil {
				return err
			}
			_, err := raw.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
			return err
		}, "has schema 9999"},
	} {
		d, err := db.Open(t.Context(), "sqlite:"+s.at(name), db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := sql.Open("sqlite", s.at(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.spoil(d, raw), raw.Close(), d.Close()); err != nil {
			t.Fatal(name, err)
		}
		if said := told(t, s.flags(name)...); !strings.Contains(said, c.says) {
			t.Errorf("%s: %s", name, said)
		}
	}
}

const (
	bankOrigin     = "https://my.bank.example"
	consoleOrigin  = "https://console.bank.example"
	partnersOrigin = "https://partners.bank.example"
)

// server is a folder with all that serve wants, and a client that knows where
// its names live.
type server struct {
	folder  string
	metrics string
	addrs   map[string]string // by host
	client  *http.Client
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{folder: t.TempDir(), metrics: freeAddr(t), addrs: map[string]string{}}
	s.right(t, "keys", "init", "--keys", s.at("keys.json"), "--plain")
	for _, name := range []string{"acquirer", "sms", "callback"} {
		s.write(t, name, []byte("a secret of "+name+"\n"))
	}
	var hosts []string
	for _, origin := range []string{bankOrigin, consoleOrigin, partnersOrigin} {
		host := strings.TrimPrefix(origin, "https://")
		hosts = append(hosts, host)
		s.addrs[host+":443"] = freeAddr(t)
	}
	roots := s.certificate(t, hosts)
	dialer := &net.Dialer{}
	s.client = &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if at, ok := s.addrs[addr]; ok {
				addr = at
			}
			return dialer.DialContext(ctx, network, addr)
		},
		DisableKeepAlives: true,
	}}
	return s
}

func (s *server) at(name string) string { return filepath.Join(s.folder, name) }

func (s *server) write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(s.at(name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// certificate makes a certificate for these names that signs itself.
func (s *server) certificate(t *testing.T, hosts []string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	s.write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return roots
}

// flags are those of a whole server on this database.
func (s *server) flags(file string) []string {
	addr := func(origin string) string { return s.addrs[strings.TrimPrefix(origin, "https://")+":443"] }
	return []string{
		"serve", "--db", "sqlite:" + s.at(file), "--keys", s.at("keys.json"),
		"--origin", bankOrigin, "--addr", addr(bankOrigin),
		"--partners-origin", partnersOrigin, "--partners-addr", addr(partnersOrigin),
		"--console-origin", consoleOrigin, "--console-addr", addr(consoleOrigin), "--metrics-addr", s.metrics,
		"--tls-cert", s.at("cert.pem"), "--tls-key", s.at("key.pem"),
		// Nobody answers there, and nothing here asks them.
		"--acquirer-url", "http://127.0.0.1:1", "--acquirer-key-file", s.at("acquirer"), "--pay-origin", "https://3ds.acquirer.example",
		"--sms-url", "http://127.0.0.1:1", "--sms-key-file", s.at("sms"), "--callback-secret-file", s.at("callback"),
		"--bin", "550000", "--brand-phone", "8 800 000-00-00",
	}
}

func (s *server) right(t *testing.T, args ...string) {
	t.Helper()
	var out bytes.Buffer
	if code := run(t.Context(), args, &out, &out); code != 0 {
		t.Fatalf("%q: %d %s", args, code, out.String())
	}
}

func (s *server) get(t *testing.T, url string) *http.Response {
	t.Helper()
	res, err := s.client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	return res
}

// freeAddr is an address on which nobody listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
