package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"rocketbank/internal/base/tier"
)

// TestMain gives all stories one browser and one build of the program.
func TestMain(m *testing.M) {
	code := m.Run()
	chromium.quit()
	program.remove()
	peopled.remove()
	os.Exit(code)
}

// browser is the one Chromium of the package, started by the first Open.
type browser struct {
	once sync.Once
	root context.Context
	quit func()
	why  string // it cannot be used
}

var chromium = &browser{quit: func() {}}

func (b *browser) start() {
	path, err := browserPath()
	if err != nil {
		b.why = err.Error()
		return
	}
	// Headless Chromium says it has no mouse; pages that adapt to one (hover,
	// fine pointer) would be tested as if on a touch screen.
	const mouse = "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.DisableGPU, chromedp.ExecPath(path),
		chromedp.Flag("site-per-process", true), chromedp.Flag("blink-settings", mouse))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(alloc)
	b.quit = func() { cancel(); stop() }
	if err := chromedp.Do(ctx); err != nil {
		b.why = fmt.Sprintf("%s does not start: %v", path, err)
		return
	}
	b.root = ctx
}

// browserPath finds the shell first: it starts three times faster.
func browserPath() (string, error) {
	if path := os.Getenv("ROCKETBANK_BROWSER"); path != "" {
		return exec.LookPath(path)
	}
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("none of its names is in PATH; install it or set ROCKETBANK_BROWSER")
}

// Opt says who sits before the browser.
type Opt struct {
	Mobile bool          // 390×844 with touch, else 1280×800 with a mouse
	Dark   bool          // prefers dark
	NoJS   bool          // scripts of pages do not run; Eval and friends still do
	Still  bool          // prefers reduced motion
	Forced bool          // forced colours
	Lang   string        // ru-RU unless said
	Allow  []string      // parts of complaints that this story expects
	Within time.Duration // how long the whole visit may take, 5 min unless said
}

// Page is one person's browser window.
type Page struct {
	context.Context
	t    testing.TB
	opt  Opt
	base string // where relative paths lead
	taps int    // clicks and taps so far, those into fields included

	// Shut closes the window before the story ends and reports its complaints.
	Shut func()

	mu   sync.Mutex
	bad  []string
	open map[network.RequestID]*request
	done []*request // finished since the last Go
	last time.Time
}

// Open opens an incognito window whose relative paths lead to base.
func Open(t testing.TB, base string, o Opt) *Page {
	t.Helper()
	chromium.once.Do(chromium.start)
	if chromium.why != "" {
		tier.Missing(t, "Chromium ("+chromium.why+")")
	}
	p := &Page{t: t, opt: o, base: strings.TrimSuffix(base, "/"), open: map[network.RequestID]*request{}}
	tab, cancel := chromedp.NewContext(chromium.root, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	if err := chromedp.Do(tab); err != nil { // the tab first, its deadline then
		cancel()
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(tab, cmp.Or(o.Within, 5*time.Minute))
	p.Context = ctx
	p.Shut = sync.OnceFunc(func() {
		defer cancel()
		defer stop()
		p.Context = tab
		p.close()
	})
	t.Cleanup(p.Shut)
	p.emulate(o.Mobile, o.Dark)
	p.Do(
		send(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{AcceptLanguage: p.lang()}),
		send(emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: p.lang()}),
		send(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: o.NoJS}),
		send(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watcher}),
	)
	return p
}

// watcher counts what htmx and the event stream do and what the layout suffers, from the first byte of each page.
const watcher = `window.watched={busy:0,done:0,live:0,msg:0,shift:0};
for(const [e,f] of Object.entries({
	'before:request':()=>watched.busy++,
	'finally:request':()=>{watched.busy--;watched.done++},
}))document.addEventListener('htmx:'+e,f,true);
window.EventSource=class extends EventSource{constructor(...a){super(...a);
	this.addEventListener('open',()=>watched.live++);this.addEventListener('message',()=>watched.msg++)}};
try{new PerformanceObserver(l=>{for(const e of l.getEntries())if(!e.hadRecentInput)watched.shift+=e.value}).observe({type:'layout-shift',buffered:true})}catch{}`

func (p *Page) lang() string { return cmp.Or(p.opt.Lang, "ru-RU") }

// emulate sets the screen and the colours; a gate changes them on a living page.
func (p *Page) emulate(mobile, dark bool) {
	p.t.Helper()
	width, height := screen(mobile)
	p.viewport(width, height, mobile)
	feature := func(name string, on bool, yes, no string) *emulation.MediaFeature {
		if on {
			no = yes
		}
		return &emulation.MediaFeature{Name: name, Value: no}
	}
	p.Do(send(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		feature("prefers-color-scheme", dark, "dark", "light"),
		feature("prefers-reduced-motion", p.opt.Still, "reduce", "no-preference"),
		feature("forced-colors", p.opt.Forced, "active", "none"),
	}}))
}

func screen(mobile bool) (width, height int64) {
	if mobile {
		return 390, 844
	}
	return 1280, 800
}

func (p *Page) viewport(width, height int64, mobile bool) {
	p.t.Helper()
	var options []chromedp.EmulateViewportOption
	if mobile {
		options = append(options, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	p.Do(chromedp.EmulateViewport(width, height, options...))
}

// close waits for the last events and reports what the browser complained about.
func (p *Page) close() {
	_, _ = glance(p, chromedp.Evaluate[chromedp.Void]("0")) // when it returns, all earlier events have arrived
	if bad := p.complaints(); len(bad) > 0 || p.t.Failed() {
		shot := p.shot(fileName(p.t.Name())+"-end", true)
		where, _ := glance(p, chromedp.Location())
		p.t.Errorf("browser at %s, picture %s\n%s", where, shot, strings.Join(bad, "\n"))
	}
}

// complaints lists what went wrong in the browser and was not allowed.
func (p *Page) complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.bad), func(b string) bool {
		return slices.ContainsFunc(p.opt.Allow, func(part string) bool { return strings.Contains(b, part) })
	})
}

// Allow expects complaints that contain part from now on, e.g. "status of 422".
func (p *Page) Allow(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opt.Allow = append(p.opt.Allow, part)
}

// listen hears every event of the window. It runs inside the reading loop, so
// it may send no command.
func (p *Page) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	bad := func(parts ...any) { p.bad = append(p.bad, fmt.Sprint(parts...)) }
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		text := ""
		for _, a := range e.Args {
			text += string(a.Value) + a.Description + " "
		}
		// htmx only warns about a missing target.
		if e.Type == "error" || e.Type == "assert" || strings.Contains(text, "htmx:") {
			bad("console: ", text)
		}
	case *runtime.EventExceptionThrown:
		bad("script: ", (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *log.EventEntryAdded: // "security" is the CSP, "network" any 4xx, 5xx and failed load
		if e.Entry.Level == "error" {
			bad(e.Entry.Source, ": ", e.Entry.Text, " ", e.Entry.URL)
		}
	case *page.EventJavascriptDialogOpening:
		bad("dialog: ", e.Message)
	case *network.EventRequestWillBeSent:
		if e.Type == network.ResourceTypeEventSource {
			return // a stream never finishes
		}
		p.open[e.RequestID] = &request{url: e.Request.URL, kind: string(e.Type)}
		p.last = time.Now()
	case *network.EventResponseReceived:
		if e.Response.Status >= 500 {
			bad("answer ", e.Response.Status, " ", e.Response.URL)
		}
		if r := p.open[e.RequestID]; r != nil {
			r.headers = int64(e.Response.EncodedDataLength) // all that has come so far
		}
	case *network.EventLoadingFinished:
		if r := p.open[e.RequestID]; r != nil {
			r.bytes = int64(e.EncodedDataLength)
			p.done = append(p.done, r)
		}
		delete(p.open, e.RequestID)
		p.last = time.Now()
	case *network.EventLoadingFailed:
		// Aborted means navigated away or a download.
		if r := p.open[e.RequestID]; r != nil && e.ErrorText != "net::ERR_ABORTED" {
			bad("load: ", e.ErrorText, " ", e.BlockedReason, " ", r.url)
		}
		delete(p.open, e.RequestID)
		p.last = time.Now()
	}
}

// Step is something a window does that gives nothing back.
type Step = chromedp.Action[chromedp.Void]

// send makes a step of a protocol command.
func send[A, R any](command cdp.Command[A, R], args A) Step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, args)
		return err
	})
}
