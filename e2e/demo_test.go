package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rocketbank/internal/base/db/dbtest"
)

// build is the program, compiled once for all stories.
type build struct {
	once sync.Once
	path string
	err  error
}

var program build

// binary gives the path of the real program. With ROCKETBANK_E2E_RACE=1 it is
// built with the race detector, and a race fails the story that met it.
func binary(t testing.TB) string {
	t.Helper()
	program.once.Do(func() {
		dir, err := os.MkdirTemp("", "rocketbank-e2e-bin")
		if err != nil {
			program.err = err
			return
		}
		program.path = filepath.Join(dir, "rocketbank")
		args := []string{"build", "-o", program.path}
		if os.Getenv("ROCKETBANK_E2E_RACE") == "1" {
			args = append(args, "-race")
		}
		out, err := exec.Command("go", append(args, "rocketbank/cmd/rocketbank")...).CombinedOutput()
		if err != nil {
			program.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if program.err != nil {
		t.Fatal(program.err)
	}
	return program.path
}

func (b *build) remove() {
	if b.path != "" {
		_ = os.RemoveAll(filepath.Dir(b.path))
	}
}

// Person is an example person of the demo.
type Person struct {
	Name, Phone, Passcode, Token string
	TokenKey                     string `json:"token_key"` // signs the token's orders; PEM
	CodeWord                     string `json:"code_word"`
	CardPIN                      string `json:"card_pin"` // of a plastic card; empty: there is none
}

// Sign signs the text of an order as the holder of the API token does.
func (p Person) Sign(t testing.TB, text string) string {
	t.Helper()
	key := p.key(t)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	return base64.RawURLEncoding.EncodeToString(raw)
}

// PublicKey is the key that a new token would name, as PEM.
func (p Person) PublicKey(t testing.TB) string {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(p.key(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
}

func (p Person) key(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode([]byte(p.TokenKey))
	if block == nil {
		t.Fatalf("ready.json gives %s no key", p.Name)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*ecdsa.PrivateKey)
}

// Demo is a running demo: its own process, its own folder.
type Demo struct {
	Cabinet, API, Console, Sandbox, Cardhost, ACS, Partners, Metrics string
	People                                                           []Person

	t      testing.TB
	folder string
	db     string
	addr   string
	cmd    *exec.Cmd
	ended  chan error
	log    *logFile
	took   time.Duration // from start to the ready line
	line   string        // that line
}

// eachDemo tells a story on both databases, in every tier; a machine without
// PostgreSQL skips that half aloud.
func eachDemo(t *testing.T, story func(t *testing.T, d *Demo)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { story(t, startDemo(t, "")) })
	t.Run("postgres", func(t *testing.T) { story(t, startDemo(t, dbtest.Postgres(t))) })
}

// startDemo starts `rocketbank demo` and waits until it is ready. db is the
// address of an empty database; "" means SQLite in the demo's folder, which
// then is a copy of one whose example people were made once for all stories.
// After the story the program must stop in order and its log must be clean.
func startDemo(t testing.TB, db string) *Demo {
	t.Helper()
	d := newDemo(t, db)
	if db == "" {
		copyFolder(t, peopled.in(t), d.folder)
	}
	d.start()
	return d
}

// seeded is the folder of a demo that has made its example people and ended.
type seeded struct {
	once   sync.Once
	folder string
}

var peopled = &seeded{}

// in gives the folder; the first story that asks makes it.
func (s *seeded) in(t testing.TB) string {
	t.Helper()
	s.once.Do(func() {
		d := newDemo(t, "")
		d.start()
		d.Stop()
		folder, err := os.MkdirTemp("", "rocketbank-peopled")
		if err != nil {
			t.Fatal(err)
		}
		copyFolder(t, d.folder, folder)
		s.folder = folder
	})
	if s.folder == "" {
		t.Fatal("the example people could not be made, see the story that began")
	}
	return s.folder
}

// copyFolder copies what is in a folder with its permissions, which keys need.
func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from+"/.", to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func (s *seeded) remove() {
	if s.folder != "" {
		_ = os.RemoveAll(s.folder)
	}
}

// newDemo makes a demo that was not started yet.
func newDemo(t testing.TB, db string) *Demo {
	t.Helper()
	d := &Demo{t: t, folder: t.TempDir(), db: db, addr: "127.0.0.1:0", log: &logFile{}}
	t.Cleanup(func() {
		if d.cmd != nil {
			d.Stop()
		}
		d.checkLog()
	})
	return d
}

// readyWithin only ends a start that hangs. The contract's 10 s are a promise
// for a machine that is not busy, and no test holds a clock against it:
// TestDemoStarts logs how long a start took.
const readyWithin = 60 * time.Second

func (d *Demo) start() {
	d.t.Helper()
	begun := time.Now()
	ready := d.launch()
	select {
	case d.line = <-ready:
	case err := <-d.ended:
		d.cmd = nil
		d.t.Fatalf("rocketbank demo ended before it was ready: %v\n%s", err, d.log.tail())
	case <-time.After(readyWithin):
		_ = d.cmd.Process.Kill()
		d.t.Fatalf("rocketbank demo was not ready within %v\n%s", readyWithin, d.log.tail())
	}
	d.took = time.Since(begun)
	d.readReady()
}

// launch starts the program and gives where its ready line will come from.
func (d *Demo) launch() <-chan string {
	d.t.Helper()
	args := []string{"demo", "--addr", d.addr, "--data", d.folder}
	if d.db != "" {
		args = append(args, "--db", d.db)
	}
	cmd := exec.Command(binary(d.t), args...)
	cmd.Stderr = d.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			d.log.Write(append(lines.Bytes(), '\n'))
			if strings.HasPrefix(lines.Text(), "ready ") {
				select {
				case ready <- lines.Text():
				default:
				}
			}
		}
		ended <- cmd.Wait()
	}()
	d.cmd, d.ended = cmd, ended
	return ready
}

// killSeeding starts the program and kills it while it makes the example
// people, as soon as the first of them was sent a code.
func (d *Demo) killSeeding() {
	d.t.Helper()
	ready := d.launch()
	for end := time.Now().Add(readyWithin); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if f, err := os.Stat(filepath.Join(d.folder, "sandbox", "messages.jsonl")); err == nil && f.Size() > 0 {
			d.Kill()
			if len(ready) > 0 {
				d.t.Fatal("the demo was ready before anything was sent")
			}
			return
		}
	}
	_ = d.cmd.Process.Kill()
	d.t.Fatalf("no example person was sent a code within %v\n%s", readyWithin, d.log.tail())
}

func (d *Demo) readReady() {
	d.t.Helper()
	raw, err := os.ReadFile(filepath.Join(d.folder, "ready.json"))
	if err != nil {
		d.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, d); err != nil {
		d.t.Fatalf("ready.json: %v\n%s", err, raw)
	}
	u, err := url.Parse(d.Cabinet)
	if err != nil || u.Port() == "" {
		d.t.Fatalf("ready.json says cabinet=%q", d.Cabinet)
	}
	d.addr = "127.0.0.1:" + u.Port() // a restart keeps the origin
}

// Kill ends the program as a power cut would (kill -9).
func (d *Demo) Kill() {
	d.t.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		d.t.Fatal(err)
	}
	<-d.ended
	d.cmd = nil
}

// Stop asks the program to end and fails when it does not, or not cleanly.
func (d *Demo) Stop() {
	d.t.Helper()
	cmd := d.cmd
	d.cmd = nil
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Errorf("stop: %v\n%s", err, d.log.tail())
		return
	}
	select {
	case err := <-d.ended:
		if err != nil {
			d.t.Errorf("rocketbank demo ended with %v\n%s", err, d.log.tail())
		}
	case <-time.After(30 * time.Second):
		_ = cmd.Process.Signal(syscall.SIGQUIT) // its goroutines go to the log
		<-d.ended
		d.t.Errorf("rocketbank demo did not stop within 30 s\n%s", d.log.tail())
	}
}

// Restart starts the program again on the same folder, database and port.
func (d *Demo) Restart() {
	d.t.Helper()
	d.start()
}

// Run runs another command of the program, e.g. "verify", on this demo's
// database and gives what it printed and its exit code.
func (d *Demo) Run(args ...string) (out string, code int) {
	d.t.Helper()
	raw, err := exec.Command(binary(d.t), append(args, "--db", d.URL())...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	return string(raw), code
}

// Verify fails when the book does not add up, or the audit trail is not what
// the signed heads in the demo's folder say.
func (d *Demo) Verify() {
	d.t.Helper()
	keys, heads := filepath.Join(d.folder, "keys.json"), filepath.Join(d.folder, "audit-heads.jsonl")
	out, code := d.Run("verify", "--audit", "--keys", keys, "--audit-heads", heads)
	if code != 0 || !signedHeads.MatchString(out) {
		d.t.Errorf("verify ended with %d:\n%s", code, out)
	}
}

// signedHeads says that the trail was held against at least one head.
var signedHeads = regexp.MustCompile(`(?m)\b[1-9]\d* signed heads?\b`)

// URL is the address of the demo's database.
func (d *Demo) URL() string {
	return cmp.Or(d.db, "sqlite:"+filepath.Join(d.folder, "bank.db"))
}

// Person finds an example person by the beginning of the name.
func (d *Demo) Person(name string) Person {
	d.t.Helper()
	for _, p := range d.People {
		if strings.HasPrefix(p.Name, name) {
			return p
		}
	}
	d.t.Fatalf("ready.json names nobody like %q: %v", name, d.People)
	return Person{}
}

// Open opens a browser at the cabinet.
func (d *Demo) Open(t testing.TB, o Opt) *Page { t.Helper(); return Open(t, d.Cabinet, o) }

// SMS is a message in the sandbox phone.
type SMS struct{ ID, To, Text, At, State string }

// Messages gives the SMS of a number, newest first.
func (d *Demo) Messages(phone string) []SMS {
	d.t.Helper()
	var all []SMS
	d.getJSON(d.Sandbox+"/messages.json?phone="+url.QueryEscape(phone), &all)
	return all
}

// Inbox is a sandbox phone that knows what its owner has read already.
type Inbox struct {
	d     *Demo
	phone string
	read  map[string]bool
}

// Inbox picks up a phone; messages that are there already count as read.
func (d *Demo) Inbox(phone string) *Inbox {
	d.t.Helper()
	in := &Inbox{d: d, phone: phone, read: map[string]bool{}}
	for _, m := range d.Messages(phone) {
		in.read[m.ID] = true
	}
	return in
}

// Next waits for a message that has not been read and holds the text, be its
// spaces plain or not.
func (in *Inbox) Next(holds string) SMS {
	in.d.t.Helper()
	return in.wait(holds, func(text string) bool { return strings.Contains(text, holds) })
}

func (in *Inbox) wait(what string, fits func(text string) bool) SMS {
	in.d.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(25 * time.Millisecond) {
		for _, m := range in.d.Messages(in.phone) {
			if !in.read[m.ID] && fits(plainSpaces.Replace(m.Text)) {
				in.read[m.ID] = true
				return m
			}
		}
	}
	all := in.d.Messages(in.phone)
	in.d.t.Fatalf("no new SMS with %q came to %s; its newest are %v", what, in.phone, all[:min(3, len(all))])
	return SMS{}
}

var plainSpaces = strings.NewReplacer("\u00a0", " ")

var sixDigits = regexp.MustCompile(`(?:^|\D)(\d{6})(?:\D|$)`)

// Code waits for the next one-time code; other news may come in between.
func (in *Inbox) Code() string {
	in.d.t.Helper()
	return sixDigits.FindStringSubmatch(in.wait("a code", sixDigits.MatchString).Text)[1]
}

// TestCard is one of the sandbox's cards of other banks.
type TestCard struct{ Number, Exp, CVC, Kind, Code string }

// Card gives the sandbox card of a kind: good, poor, expired, …
func (d *Demo) Card(kind string) TestCard {
	d.t.Helper()
	var all []TestCard
	d.getJSON(d.Sandbox+"/cards.json", &all)
	for _, c := range all {
		if c.Kind == kind {
			return c
		}
	}
	d.t.Fatalf("the sandbox has no card of kind %q: %v", kind, all)
	return TestCard{}
}

func (d *Demo) getJSON(address string, into any) {
	d.t.Helper()
	res, err := http.Get(address)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		d.t.Fatalf("GET %s: %s, %v\n%s", address, res.Status, err, raw)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		d.t.Fatalf("GET %s: %v\n%s", address, err, raw)
	}
}

// Call speaks to the API: body is sent as JSON unless nil or already bytes.
func (d *Demo) Call(method, path, token string, body any, headers map[string]string) (status int, answer map[string]any) {
	d.t.Helper()
	var send io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		send = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			d.t.Fatal(err)
		}
		send = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, d.API+path, send)
	if err != nil {
		d.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if send != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &answer); err != nil {
			d.t.Fatalf("%s %s: %s is no JSON object: %v\n%s", method, path, res.Status, err, raw)
		}
	}
	return res.StatusCode, answer
}
