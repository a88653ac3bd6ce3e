package ui

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/a-h/templ"
)

// icons holds the inside of each vendored drawing, by name.
type icons map[string]string

func newIcons() (icons, error) {
	names, err := fs.Glob(files, "lucide/*.svg")
	if err != nil {
		return nil, err
	}
	all := icons{}
	for _, name := range names {
		raw, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		text := string(raw)
		start := strings.Index(text, "<svg")
		open := start + strings.Index(text[start:], ">")
		end := strings.LastIndex(text, "</svg>")
		if start < 0 || end < open {
			return nil, fmt.Errorf("%s is no drawing", name)
		}
		inside := strings.Join(strings.Fields(text[open+1:end]), " ")
		inside = strings.NewReplacer("> <", "><", " />", "/>").Replace(inside)
		all[strings.TrimSuffix(path.Base(name), ".svg")] = inside
	}
	return all, nil
}

type sprite struct {
	icons icons
	used  []string // in order of first use
	// inline is set for fragments: the page they land in may not have the
	// symbol, so the drawing goes in whole.
	inline bool
}

type spriteKey struct{}

func withSprite(ctx context.Context, k *Kit, inline bool) context.Context {
	return context.WithValue(ctx, spriteKey{}, &sprite{icons: k.icons, inline: inline})
}

// Icon draws a 24 px icon. Icons are decoration: the words are always beside
// them, or in a hidden text of the control.
func Icon(name string) templ.Component { return icon(name, "i") }

// IconS draws an 18 px icon.
func IconS(name string) templ.Component { return icon(name, "i i-s") }

// IconXS draws a 14 px icon.
func IconXS(name string) templ.Component { return icon(name, "i i-xs") }

func icon(name, class string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		s, ok := ctx.Value(spriteKey{}).(*sprite)
		if !ok {
			return fmt.Errorf("ui: icon %s outside of Shell and Fragment", name)
		}
		inside, ok := s.icons[name]
		if !ok {
			return fmt.Errorf("ui: no icon %s", name)
		}
		if s.inline {
			_, err := fmt.Fprintf(w, `<svg class="%s" viewBox="0 0 24 24" aria-hidden="true">%s</svg>`, class, inside)
			return err
		}
		s.note(name)
		_, err := fmt.Fprintf(w, `<svg class="%s" aria-hidden="true"><use href="#i-%s"/></svg>`, class, name)
		return err
	})
}

func (s *sprite) note(name string) {
	for _, n := range s.used {
		if n == name {
			return
		}
	}
	s.used = append(s.used, name)
}

// symbols writes the sprite of the page: only what the page has used.
func symbols() templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		s, ok := ctx.Value(spriteKey{}).(*sprite)
		if !ok || len(s.used) == 0 {
			return nil
		}
		var b strings.Builder
		b.WriteString(`<svg class="sprite" aria-hidden="true">`)
		for _, name := range s.used {
			fmt.Fprintf(&b, `<symbol id="i-%s" viewBox="0 0 24 24">%s</symbol>`, name, s.icons[name])
		}
		b.WriteString(`</svg>`)
		_, err := io.WriteString(w, b.String())
		return err
	})
}

// Fragment renders a piece of a page for a swap: its icons carry their drawings.
func Fragment(p Page, piece templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return piece.Render(withSprite(ctx, p.Kit, true), w)
	})
}
