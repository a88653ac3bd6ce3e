package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"rocketbank/internal/bank/order/ordertest"
)

var (
	fence   = regexp.MustCompile("(?s)```sh\n(.*?)```(?:\n```json\n(.*?)```)?")
	command = regexp.MustCompile(`(?s)^(?:([A-Z]+)=\$\()?curl -s (.*?)(?: \| jq -r ([^ ]+)\))?(?: > ([a-z.]+))?$`)
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
		vars := map[string]string{"BANK": w.server.URL, "TOKEN": anna.transfer}
		files := map[string]any{}
		for _, b := range blocks {
			if m := taken.FindStringSubmatch(strings.TrimSpace(b[1])); m != nil {
				vars[m[1]] = pick(files[m[3]], m[2])
				if m[4] != "" { // the program itself is tested in cmd/rocketbank
					vars[m[1]] = ordertest.Encoded(w, w.key, vars[m[1]])
				}
				continue
			}
			m := command.FindStringSubmatch(strings.TrimSpace(b[1]))
			if m == nil {
				w.Fatalf("no command: %s", b[1])
			}
			r := w.curl(words(m[2], vars))
			var want, got any
			if err := json.Unmarshal([]byte(b[2]), &want); err != nil {
				w.Fatalf("the answer in the docs is no JSON: %v\n%s", err, b[2])
			}
			if err := json.Unmarshal([]byte(r.raw), &got); err != nil {
				w.Fatalf("%s answered %s", b[1], r.raw)
			}
			if why := differs("", want, got); why != "" {
				w.Errorf("%s%s\nanswered %s", b[1], why, r.raw)
			}
			if m[1] != "" {
				vars[m[1]] = pick(got, m[3])
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
	a := ask{method: "GET", path: strings.TrimPrefix(args[0], w.server.URL), header: http.Header{}, media: "-"}
	for i := 1; i+1 < len(args); i += 2 {
		switch args[i] {
		case "-H":
			name, value, _ := strings.Cut(args[i+1], ": ")
			a.header.Set(name, value)
		case "-d":
			a.method, a.body = "POST", args[i+1]
		default:
			w.Fatalf("unknown flag %s", args[i])
		}
	}
	return w.do(a)
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
