package locale

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed text/*.txt
var files embed.FS

// entry is one text in all languages. A text with more than one form is a plural.
type entry map[Lang][]string

// catalog is what the files say, and what is wrong with them.
type catalog struct {
	entries  map[string]entry
	problems []string
}

// texts reads the embedded files once. A broken file never stops the program:
// the texts that are whole work, and Missing tells the rest to a test.
var texts = sync.OnceValue(func() catalog { return load(files) })

// Missing lists everything that is wrong with the catalogue files: lines that
// cannot be read, keys without a language, places or forms that differ.
func Missing() []string { return slices.Clone(texts().problems) }

// Keys lists every key of the catalogue in order.
func Keys() []string { return slices.Sorted(maps.Keys(texts().entries)) }

func load(fsys fs.FS) catalog {
	c := catalog{entries: map[string]entry{}}
	names, err := fs.Glob(fsys, "text/*.txt")
	if err != nil || len(names) == 0 {
		c.problems = append(c.problems, fmt.Sprintf("no catalogue files: %v", err))
	}
	for _, name := range names {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			c.problems = append(c.problems, err.Error())
			continue
		}
		c.read(name, string(raw))
	}
	for _, key := range slices.Sorted(maps.Keys(c.entries)) {
		c.problems = append(c.problems, check(key, c.entries[key])...)
	}
	return c
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$`)

func (c *catalog) read(file, text string) {
	var key string
	wrong := func(line int, format string, args ...any) {
		c.problems = append(c.problems, fmt.Sprintf("%s:%d: %s", file, line, fmt.Sprintf(format, args...)))
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \t\r")
		lang, say, isText := strings.Cut(line, ":")
		switch {
		case line == "":
			key = ""
		case strings.HasPrefix(line, "#"):
		case isText && (Lang(lang) == Russian || Lang(lang) == English):
			if key == "" {
				wrong(i+1, "a text without a key")
				continue
			}
			if c.entries[key][Lang(lang)] != nil {
				wrong(i+1, "%s: %s twice", key, lang)
				continue
			}
			c.entries[key][Lang(lang)] = forms(say)
		case key != "":
			wrong(i+1, "%s: neither ru: nor en: (entries are split by a blank line)", key)
		case !keyForm.MatchString(line):
			wrong(i+1, "%q is no key", line)
		case c.entries[line] != nil:
			wrong(i+1, "%s stands in the catalogue twice", line)
		default:
			key = line
			c.entries[key] = entry{}
		}
	}
}

func forms(say string) []string {
	all := strings.Split(strings.TrimSpace(say), "|")
	for i := range all {
		all[i] = strings.ReplaceAll(strings.TrimSpace(all[i]), `\n`, "\n")
	}
	return all
}

var place = regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)

// check tells what is wrong with one entry.
func check(key string, e entry) (problems []string) {
	plural := len(e[Russian]) > 1 || len(e[English]) > 1
	var all []string
	for _, lang := range Langs() {
		say, ok := e[lang]
		if !ok {
			problems = append(problems, fmt.Sprintf("%s: no %s text", key, lang))
			continue
		}
		if want := lang.forms(); plural && len(say) != want {
			problems = append(problems, fmt.Sprintf("%s: %d forms in %s, want %d", key, len(say), lang, want))
		}
		for _, form := range say {
			if form == "" {
				problems = append(problems, fmt.Sprintf("%s: empty text in %s", key, lang))
			}
			if strings.ContainsAny(place.ReplaceAllString(form, ""), "{}") {
				problems = append(problems, fmt.Sprintf("%s: a place in %s is not {name}: %s", key, lang, form))
			}
		}
		all = append(all, strings.Join(places(say), ","))
	}
	if len(all) == 2 && all[0] != all[1] {
		problems = append(problems, fmt.Sprintf("%s: places differ: {%s} and {%s}", key, all[0], all[1]))
	}
	return problems
}

// places lists the arguments of a text, over all its forms.
func places(say []string) []string {
	found := map[string]bool{}
	for _, form := range say {
		for _, m := range place.FindAllStringSubmatch(form, -1) {
			found[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
