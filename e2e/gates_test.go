package e2e

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"

	"rocketbank/internal/base/tier"
)

// axeSource is axe-core 4.14.1 (MPL-2.0, see testdata/axe). Evaluating it goes
// past the page's CSP and is no violation of it.
//
//go:embed testdata/axe/axe.min.js
var axeSource string

// request is one load of a page.
type request struct {
	url, kind string
	bytes     int64
	headers   int64
}

// Cost is what a page took to load (DESIGN §2).
type Cost struct {
	Bytes    int64
	Requests int
	ByKind   map[string]int64 // bodies as sent: Document, Stylesheet, Script, Font, Image, …
	Shift    float64          // cumulative layout shift
	URLs     []string
}

// notCounted are loads the budget leaves out: manifest, icon, worker, stream.
var notCounted = regexp.MustCompile(`manifest|favicon|/icon|logo\.[^/]*svg|/sw\.js|/worker\.js|/events`)

// Cold loads a path in a fresh window with this one's cookies and an empty
// cache, and tells what it cost.
func (p *Page) Cold(path string) Cost {
	p.t.Helper()
	o := p.opt
	o.Mobile = true
	q := p.Another(o)
	c := q.load(path)
	q.Shut()
	return c
}

// Warm loads a path in this window, with whatever it has cached.
func (p *Page) Warm(path string) Cost {
	p.t.Helper()
	return p.load(path)
}

func (p *Page) load(path string) Cost {
	p.t.Helper()
	p.Go(path)
	p.Idle(250e6)
	// Asked before the lock: the answer comes through a listener that takes it too.
	shift, err := glance(p, chromedp.Evaluate[float64]("window.watched?.shift??0"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := Cost{ByKind: map[string]int64{}, Shift: shift}
	for _, r := range p.done {
		if notCounted.MatchString(r.url) || strings.HasPrefix(r.url, "data:") {
			continue
		}
		c.Bytes += r.bytes
		c.ByKind[r.kind] += r.bytes - r.headers
		c.Requests++
		c.URLs = append(c.URLs, fmt.Sprintf("%6d %s %s", r.bytes, r.kind, r.url))
	}
	return c
}

// Budget fails when the first load of a path is over the budget of DESIGN §2.
func (p *Page) Budget(path string) {
	p.t.Helper()
	c := p.Cold(path)
	over := func(what string, got, most int64) {
		if got > most {
			p.t.Errorf("%s: first load takes %d %s, at most %d\n%s", path, got, what, most, strings.Join(c.URLs, "\n"))
		}
	}
	over("bytes", c.Bytes, 60<<10)
	over("requests", int64(c.Requests), 8)
	over("bytes of HTML", c.ByKind["Document"], 8<<10)
	over("bytes of CSS", c.ByKind["Stylesheet"], 8<<10)
	over("bytes of fonts", c.ByKind["Font"], 29<<10)
	over("bytes of scripts", c.ByKind["Script"], 15<<10)
	if c.Shift > 0.01 {
		p.t.Errorf("%s: layout shifts by %.3f, at most 0.01", path, c.Shift)
	}
}

// violation is what axe found.
type violation struct{ ID, Impact, Help, Nodes string }

// Axe fails on any violation of WCAG 2.2 A and AA or of best practice.
func (p *Page) Axe(what string) {
	p.t.Helper()
	p.blame(what, p.axe())
}

func (p *Page) blame(what string, found []violation) {
	p.t.Helper()
	for _, v := range found {
		p.t.Errorf("axe on %s: %s (%s) %s: %s", what, v.ID, v.Impact, v.Help, v.Nodes)
	}
}

func (p *Page) axe() []violation {
	p.t.Helper()
	return p.axeRun("tag", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
}

func (p *Page) axeRun(kind string, which ...string) []violation {
	p.t.Helper()
	only, err := json.Marshal(map[string]any{"type": kind, "values": which})
	if err != nil {
		p.t.Fatal(err)
	}
	if p.JS("typeof axe") != "object" {
		p.Do(chromedp.Evaluate[chromedp.Void](axeSource + ";0"))
	}
	return get(p, chromedp.Evaluate[[]violation](`axe.run({resultTypes:['violations'],runOnly:`+string(only)+`}).then(r=>r.violations.map(v=>
		({ID:v.id,Impact:v.impact??'',Help:v.help,Nodes:v.nodes.map(n=>n.target+' '+n.html.slice(0,160)).join(' | ')})))`, chromedp.EvalAwaitPromise))
}

// Gate holds the page as it stands now to what every page must be: no axe
// violation, nothing the keyboard misses (Keys) and no sideways scroll on phone
// and desktop, in light and dark, and none in the narrowest and the widest window we draw for. Each width is
// looked through whole in one theme; the other theme differs in colours alone,
// so there the rules about colours are asked again.
// It leaves pictures in the artefact folder and the window as it was.
func (p *Page) Gate(name string) {
	p.t.Helper()
	type look struct{ mobile, dark, colours bool }
	looks := []look{{mobile: true}, {dark: true}}
	if tier.Now() >= tier.CI || artefacts() != "" {
		looks = []look{{mobile: true}, {mobile: true, dark: true, colours: true}, {dark: true}, {colours: true}}
	}
	for _, l := range looks {
		p.emulate(l.mobile, l.dark)
		width, height := screen(l.mobile)
		what := fmt.Sprintf("%s-%s-%dx%d", name, map[bool]string{true: "dark", false: "light"}[l.dark], width, height)
		p.settle()
		if l.colours {
			p.blame(what, p.axeRun("rule", "color-contrast", "link-in-text-block"))
		} else {
			p.Axe(what)
			p.Keys(what)
		}
		p.noSideways(what, width)
		if artefacts() != "" {
			p.shot(what, true)
		}
	}
	p.viewport(320, 640, true)
	p.noSideways(name+"-320", 320)
	p.viewport(1440, 900, false)
	p.noSideways(name+"-1440", 1440)
	p.emulate(p.opt.Mobile, p.opt.Dark)
}

// settle waits for fonts and for colours that fade into the new theme: half
// faded they have no contrast.
func (p *Page) settle() {
	p.t.Helper()
	p.JS(`document.fonts.ready.then(()=>new Promise(r=>requestAnimationFrame(()=>requestAnimationFrame(r)))).then(()=>Promise.race([
		Promise.allSettled(document.getAnimations().map(a=>a.finished)),new Promise(r=>setTimeout(r,1000))]))`)
}

func (p *Page) noSideways(what string, width int64) {
	p.t.Helper()
	p.until(fmt.Sprintf("matchMedia('(width:%dpx)').matches", width), what+": a window of that width")
	if got := p.JS("document.documentElement.scrollWidth"); got != fmt.Sprint(width) {
		wide := p.JS("[...document.querySelectorAll('body *')].filter(e=>e.getBoundingClientRect().right>" + fmt.Sprint(width) +
			"+.5).slice(0,8).map(e=>e.tagName+'.'+(e.className.baseVal??e.className)).join(' ')")
		p.t.Errorf("%s is %s px wide in a window of %d: it scrolls sideways: %s", what, got, width, wide)
	}
}

// Shot keeps a picture of the page under a name and gives its path.
func (p *Page) Shot(name string) string { return p.shot(name, true) }

func (p *Page) shot(name string, full bool) string {
	take := chromedp.CaptureScreenshot()
	if full {
		take = chromedp.FullScreenshot(100)
	}
	png, err := glance(p, take)
	if err != nil {
		return fmt.Sprintf("none (%v)", err)
	}
	dir := artefacts()
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "rocketbank-e2e")
	}
	path := filepath.Join(dir, fileName(name)+".png")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err.Error()
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		return err.Error()
	}
	return path
}

// artefacts is the folder that keeps the pictures of this run, if it has one.
var artefacts = sync.OnceValue(func() string { return os.Getenv("ROCKETBANK_ARTEFACTS") })

var unfit = regexp.MustCompile(`[^\pL\pN._-]+`)

func fileName(s string) string { return unfit.ReplaceAllString(s, "-") }
