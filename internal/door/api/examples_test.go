package api_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
)

var (
	fence   = regexp.MustCompile("(?s)```sh\n(.*?)```(?:\n```json\n(.*?)```)?")
	command = regexp.MustCompile(`(?s)^(?:([A-Z]+)=\$\()?curl -s (.*?)(?: \| jq -r ([^ ]+?))?\)?(?: > ([a-z.]+))?$`)
	taken   = regexp.MustCompile(`^([A-Z]+)=\$\(jq -r ([^ ]+) ([a-z.]+)( \| rocketbank api-sign --key token-key\.pem)?\)$`)
)

// docs/api.md tells nothing that does not work: its commands are run in their
// order against the real handler and their answers compared.
func TestExamplesOfTheDocs(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := fence.FindAllStringSubmatch(string(raw), -1)
	if len(blocks) < 9 || len(blocks) != strings.Count(string(raw), "```sh") {
		t.Fatalf("%d commands with answers", len(blocks))
	}
	each(t, func(w *world) {
		anna := w.named(1, "Anna Sokolova", 10_000)
		w.named(2, "Pavel Kuznetsov", 0)
		w.givePasskey(anna)
		w.asks(anna, 1)
		vars := map[string]string{"BANK": w.server.URL, "TOKEN": anna.transfer}
		files := map[string]any{}
		for _, b := range blocks {
			if m := taken.FindStringSubmatch(strings.TrimSpace(b[1])); m != nil {
				vars[m[1]] = pick(files[m[3]], m[2])
				if m[4] != "" {
					vars[m[1]] = w.apiSign(vars[m[1]])
				}
				continue
			}
			m := command.FindStringSubmatch(strings.TrimSpace(b[1]))
			if m == nil {
				w.Fatalf("no command: %s", b[1])
			}
			if strings.Contains(m[2], "$CODE") {
				vars["CODE"] = w.Code(accesstest.Phone(3)) // read from the phone
			}
			r := w.curl(words(m[2], vars))
			var want, got any
			if err := json.Unmarshal([]byte(b[2]), &want); err != nil {
				w.Fatalf("the answer in the docs is no JSON: %v\n%s", err, b[2])
			}
			if err := json.Unmarshal([]byte(r.raw), &got); err != nil {
				w.Fatalf("%s answered %s", b[1], r.raw)
			}
			whole := got
			if m[3] != "" && m[1] == "" {
				got = pick(got, m[3]) // what jq prints is the answer
			}
			if why := differs("", want, got); why != "" {
				w.Errorf("%s%s\nanswered %s", b[1], why, r.raw)
			}
			if m[1] != "" {
				vars[m[1]] = pick(whole, m[3])
			}
			if m[4] != "" {
				files[m[4]] = got
			}
		}
	})
}

// words splits a command as a shell does, as far as the docs use it: quotes of
// both kinds, a backslash within double ones and at the end of a line, $NAME.
func words(s string, vars map[string]string) (out []string) {
	s = strings.ReplaceAll(s, "\\\n", " ")
	expand := func(s string) string { return os.Expand(s, func(name string) string { return vars[name] }) }
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		var word strings.Builder
		for s != "" && s[0] != ' ' {
			switch s[0] {
			case '\'':
				in, rest, _ := strings.Cut(s[1:], "'")
				word.WriteString(in)
				s = rest
			case '"':
				var in strings.Builder
				i := 1
				for ; s[i] != '"'; i++ {
					if s[i] == '\\' {
						i++
					}
					in.WriteByte(s[i])
				}
				word.WriteString(expand(in.String()))
				s = s[i+1:]
			default:
				end := strings.IndexAny(s, " '\"")
				if end < 0 {
					end = len(s)
				}
				word.WriteString(expand(s[:end]))
				s = s[end:]
			}
		}
		out = append(out, word.String())
	}
	return out
}

// curl does what curl would with these arguments.
func (w *world) curl(args []string) reply {
	w.Helper()
	a, code := ask{method: "GET", header: http.Header{}, media: "-"}, false
	photo := func(name string) []byte {
		return accesstest.Photo(map[string]int{"@main.jpg": 1, "@registration.jpg": 2}[name])
	}
	for len(args) > 0 {
		flag, value := args[0], ""
		if !strings.HasPrefix(flag, "-") {
			a.path, args = strings.TrimPrefix(flag, w.server.URL), args[1:]
			continue
		}
		value, args = args[1], args[2:]
		switch flag {
		case "-H":
			name, text, _ := strings.Cut(value, ": ")
			a.header.Set(name, text)
		case "-X":
			a.method = value
		case "-d":
			a.body = value
		case "--data-binary":
			a.body = photo(value)
		case "-F":
			field, name, _ := strings.Cut(value, "=")
			kind, body := form(w, field, name, photo(name))
			a.body = body
			a.header.Set("Content-Type", kind)
		case "-o": // the body is thrown away
		case "-w":
			code = value == "%{http_code}"
		default:
			w.Fatalf("unknown flag %s", flag)
		}
	}
	if a.body != nil && a.method == "GET" {
		a.method = "POST"
	}
	r := w.do(a)
	if code {
		r.raw = fmt.Sprint(r.status)
	}
	return r
}

// apiSign lets the program itself sign a text with the token's key.
func (w *world) apiSign(text string) string {
	w.Helper()
	raw, err := x509.MarshalPKCS8PrivateKey(w.key)
	if err != nil {
		w.Fatal(err)
	}
	key := filepath.Join(w.TempDir(), "token-key.pem")
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600); err != nil {
		w.Fatal(err)
	}
	sign := exec.CommandContext(ctx, program(w.T), "api-sign", "--key", key)
	sign.Stdin = strings.NewReader(text + "\n") // as jq writes it
	var complaint bytes.Buffer
	sign.Stderr = &complaint
	out, err := sign.Output()
	if err != nil {
		w.Fatalf("rocketbank api-sign: %v\n%s", err, &complaint)
	}
	return strings.TrimSpace(string(out))
}

// built is the program, once for all tests; TestMain takes it away.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "rocketbank-api-"); built.err != nil {
			return
		}
		build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(built.dir, "rocketbank"), "rocketbank/cmd/rocketbank")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build the program: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "rocketbank")
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// givePasskey gives a client a passkey.
func (w *world) givePasskey(p person) {
	w.Helper()
	options, ref, err := w.Access.BeginPasskey(ctx, p.proof)
	if err != nil {
		w.Fatal(err)
	}
	answer, err := accesstest.NewAuthenticator().Create(options)
	if err != nil {
		w.Fatal(err)
	}
	o, err := w.Access.OfferPasskey(ctx, p.session, p.proof, ref, "Phone", answer)
	owner := accesstest.Person{ID: p.id, Phone: p.phone, Entry: access.Entry{Session: p.session}}
	if _, err := w.CarryOut(owner, o, err); err != nil {
		w.Fatal(err)
	}
}

// differs compares an answer with the docs: all members, all values; a text
// with … matches what it begins with.
func differs(path string, want, got any) string {
	switch want := want.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for name := range g {
			if _, found := want[name]; !found {
				return fmt.Sprintf("%s.%s is not in the docs", path, name)
			}
		}
		for name, v := range want {
			if why := differs(path+"."+name, v, g[name]); why != "" {
				return why
			}
		}
		return ""
	case []any:
		g, _ := got.([]any)
		if len(g) != len(want) {
			return fmt.Sprintf("%s has %d elements, %d in the docs", path, len(g), len(want))
		}
		for i := range want {
			if why := differs(fmt.Sprintf("%s[%d]", path, i), want[i], g[i]); why != "" {
				return why
			}
		}
		return ""
	case string:
		g, ok := got.(string)
		if start, _, open := strings.Cut(want, "…"); open && ok && g != "" && strings.HasPrefix(g, start) {
			return ""
		}
	}
	if want != got {
		return fmt.Sprintf("%s is %v, in the docs %v", path, got, want)
	}
	return ""
}

// pick reads .accounts[0].id as jq does.
func pick(v any, path string) string {
	for _, step := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			v = at[0]
		}
	}
	s, _ := v.(string)
	return s
}
