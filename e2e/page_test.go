package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long a person waits for a page to say what it should.
const patience = 20 * time.Second

// command is how long the browser may take for one thing it is told.
const command = 40 * time.Second

// Do runs steps and fails the story when one fails.
func (p *Page) Do(steps ...Step) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p, command)
	defer stop()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%v%s", err, p.where())
	}
}

// get runs one action and gives what it found.
func get[T any](p *Page, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p, command)
	defer stop()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.t.Fatalf("%v%s", err, p.where())
	}
	return v
}

// glance asks the page something that is asked again when the page was just
// being replaced: such a question may stay without an answer.
func glance[T any](p *Page, a chromedp.Action[T]) (T, error) {
	ctx, stop := context.WithTimeout(p, 5*time.Second)
	defer stop()
	return chromedp.Run(ctx, a)
}

// where tells the address and the words on the page, for a failed story.
func (p *Page) where() string {
	ctx, stop := context.WithTimeout(p, 5*time.Second)
	defer stop()
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return fmt.Sprintf("\nand the window does not answer: %v", err)
	}
	words, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("(document.body?.innerText??'').slice(0,1500)"))
	return fmt.Sprintf("\nat %s\n%s", at, words)
}

// Go opens a path of the bank (or a whole address) and waits for the page.
func (p *Page) Go(path string) {
	p.t.Helper()
	p.mu.Lock()
	p.done = nil
	left := slices.Collect(maps.Keys(p.open))
	p.mu.Unlock()
	p.Do(chromedp.Navigate(p.address(path)))
	// What the page before was still asking for went with it, sometimes without
	// a word from the browser.
	p.mu.Lock()
	for _, id := range left {
		delete(p.open, id)
	}
	p.mu.Unlock()
}

func (p *Page) address(path string) string {
	if strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://") {
		return path
	}
	return p.base + path
}

// Back goes one page back in the history. (The library's own NavigateBack
// hangs when the page comes out of the back-forward cache.)
func (p *Page) Back() {
	p.t.Helper()
	p.Do(chromedp.Evaluate[chromedp.Void]("setTimeout(()=>history.back())"))
}

// Reload loads the page anew.
func (p *Page) Reload() { p.t.Helper(); p.Do(chromedp.Reload()) }

// Path tells the path of the page, without origin and query.
func (p *Page) Path() string {
	p.t.Helper()
	u, err := url.Parse(get(p, chromedp.Location()))
	if err != nil {
		p.t.Fatal(err)
	}
	return u.Path
}

// JS evaluates an expression (promises are awaited) and gives it as text.
func (p *Page) JS(expression string) string {
	p.t.Helper()
	return get(p, chromedp.Evaluate[string]("Promise.resolve("+expression+").then(String)", chromedp.EvalAwaitPromise))
}

// Until waits for an expression to become true; it survives navigations.
func (p *Page) Until(expression string) {
	p.t.Helper()
	p.until(expression, expression)
}

func (p *Page) until(expression, what string) {
	p.t.Helper()
	p.within(patience, expression, what)
}

func (p *Page) within(most time.Duration, expression, what string) {
	p.t.Helper()
	for end := time.Now().Add(most); time.Now().Before(end) && p.Err() == nil; time.Sleep(15 * time.Millisecond) {
		if ok, err := glance(p, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && ok {
			return
		}
	}
	p.t.Fatalf("never: %s%s", what, p.where())
}

// At waits until the window shows a path.
func (p *Page) At(path string) {
	p.t.Helper()
	p.until("location.pathname==="+quote(path)+"&&document.readyState==='complete'", "at "+path)
}

// AtPrefix waits until the path begins so, e.g. "/transfer/tr_".
func (p *Page) AtPrefix(prefix string) {
	p.t.Helper()
	p.until("location.pathname.startsWith("+quote(prefix)+")&&document.readyState==='complete'", "at "+prefix+"…")
}

// plain makes no difference between a space and the no-break spaces of sums.
const plain = `(s=>(s??'').replace(/[\u00a0\u202f\s]+/g,' ').trim())`

// Sees waits until the visible words of the page hold a text.
func (p *Page) Sees(text string) {
	p.t.Helper()
	p.until(plain+"(document.body?.innerText).includes("+plain+"("+quote(text)+"))", "sees "+text)
}

// SeesLate is Sees for what takes its time in the world outside.
func (p *Page) SeesLate(text string) {
	p.t.Helper()
	p.within(6*patience, plain+"(document.body?.innerText).includes("+plain+"("+quote(text)+"))", "sees "+text)
}

// SeesNot fails when the page shows a text now.
func (p *Page) SeesNot(text string) {
	p.t.Helper()
	if p.JS(plain+"(document.body?.innerText).includes("+plain+"("+quote(text)+"))") == "true" {
		p.t.Errorf("the page shows %q%s", text, p.where())
	}
}

// Text waits until the element has exactly this text.
func (p *Page) Text(selector, want string) {
	p.t.Helper()
	p.until(plain+"(document.querySelector("+quote(selector)+")?.textContent)==="+plain+"("+quote(want)+")", selector+" says "+want)
}

// TextOf gives the text of an element now.
func (p *Page) TextOf(selector string) string {
	p.t.Helper()
	return p.JS(plain + "(document.querySelector(" + quote(selector) + ")?.textContent)")
}

// FieldValue gives what a form field holds.
func (p *Page) FieldValue(name string) string {
	p.t.Helper()
	return p.JS("document.querySelector(" + quote(field(name)) + ")?.value")
}

func field(name string) string { return fmt.Sprintf("[name=%s]:not([type=hidden])", quote(name)) }

// focused tells whether a field has the focus. A page gives it to its first
// field when it is first drawn, a moment after it is loaded. The waiting is
// done here: a page without scripts has no timers.
func (p *Page) focused(name string) bool {
	p.t.Helper()
	const state = `(e=>document.activeElement===e?'yes':e.autofocus&&document.activeElement===document.body?'soon':'no')`
	for range 40 {
		switch p.JS(state + "(document.querySelector(" + quote(field(name)) + "))") {
		case "yes":
			return true
		case "no":
			return false
		}
		time.Sleep(25 * time.Millisecond)
	}
	return false
}

// Fill types into the field with this name, as a person does: it takes out
// what is there and presses keys.
func (p *Page) Fill(name, text string) {
	p.t.Helper()
	p.until("document.querySelector("+quote(field(name))+")", "a field named "+name)
	if !p.focused(name) {
		p.taps++ // a field that has the focus already needs none
	}
	// Found and focused in one call: the library's own search for a node waits
	// forever when the page was just being replaced.
	p.until("(e=>{e?.focus();return e&&document.activeElement===e})(document.querySelector("+quote(field(name))+"))", "the field "+name+" takes the focus")
	if p.FieldValue(name) != "" {
		p.Do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent(kb.Backspace))
	}
	if text != "" {
		p.Do(chromedp.KeyEvent(text))
	}
}

// Choose ticks a radio button or check box, or picks an option of a list.
func (p *Page) Choose(name, value string) {
	p.t.Helper()
	box := fmt.Sprintf("[name=%s][value=%s]", quote(name), quote(value))
	p.until("document.querySelector("+quote(box)+")||document.querySelector('select'+"+quote(fmt.Sprintf("[name=%s]", quote(name)))+")", name+" to choose")
	p.taps++
	if p.JS("!!document.querySelector("+quote(box)+")") == "true" {
		// Its label is what people hit: the box itself is often drawn by CSS.
		p.JS("document.querySelector(" + quote(box) + ").click()")
		return
	}
	p.JS("(e=>{e.value=" + quote(value) + ";for(const n of['input','change'])e.dispatchEvent(new Event(n,{bubbles:true}))})(document.querySelector('select'+" +
		quote(fmt.Sprintf("[name=%s]", quote(name))) + "))")
}

// named finds a visible button or link by its words (or accessible name), the
// exact text first.
const named = `((want)=>{
	const plain=` + plain + `;want=plain(want);
	const all=[...document.querySelectorAll('button,a[href],input[type=submit],summary,[role=button],[role=switch],label')]
		.filter(e=>e.checkVisibility({checkVisibilityCSS:true})&&!e.closest('[inert]'));
	const name=e=>plain(e.getAttribute('aria-label')||e.value||e.innerText);
	const open=document.querySelector('dialog[open]');
	const scope=open?all.filter(e=>open.contains(e)):all;
	return scope.find(e=>name(e)===want)??scope.find(e=>plain(e.innerText).startsWith(want))??scope.find(e=>name(e).includes(want))})`

// spot gives the middle of an element in the window, once nothing covers it.
// One call finds and measures: a live page may swap its elements at any moment.
const spot = `((e)=>{
	if(!e)return null;
	e.scrollIntoView({block:'center',inline:'nearest',behavior:'instant'});
	const r=e.getClientRects()[0];if(!r||!r.width)return null;
	const x=r.x+r.width/2,y=r.y+r.height/2,top=document.elementFromPoint(x,y);
	return top&&(e.contains(top)||top.contains(e))?{X:x,Y:y}:null})`

// Press clicks the button or link with these words; a tap on a phone.
func (p *Page) Press(words string) {
	p.t.Helper()
	p.hit(named+"("+quote(words)+")", "a button or link «"+words+"» to press")
}

// Click clicks an element by its selector.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.hit("document.querySelector("+quote(selector)+")", selector+" to click")
}

func (p *Page) hit(element, what string) {
	p.t.Helper()
	p.taps++
	type point struct{ X, Y float64 }
	for end := time.Now().Add(patience); time.Now().Before(end) && p.Err() == nil; time.Sleep(15 * time.Millisecond) {
		at, err := glance(p, chromedp.Evaluate[*point](spot+"("+element+")"))
		if err != nil || at == nil {
			continue
		}
		if p.opt.Mobile {
			p.Do(chromedp.TapXY(at.X, at.Y))
		} else {
			p.Do(chromedp.MouseClickXY(at.X, at.Y))
		}
		return
	}
	p.t.Fatalf("never: %s%s", what, p.where())
}

// Submit presses a button that leads to another page (or the same one anew)
// and waits until that page is there.
func (p *Page) Submit(words string) {
	p.t.Helper()
	p.leave(func() { p.Press(words) })
}

// Key presses one key on whatever has the focus: kb.Tab, kb.Enter, kb.Escape.
func (p *Page) Key(keys string) { p.t.Helper(); p.Do(chromedp.KeyEvent(keys)) }

// SubmitKey presses Enter and waits for the next page.
func (p *Page) SubmitKey() {
	p.t.Helper()
	p.leave(func() { p.Key(kb.Enter) })
}

// leave runs act and waits until the document is another one.
func (p *Page) leave(act func()) {
	p.t.Helper()
	p.JS("window.e2eStays=1")
	act()
	p.until("window.e2eStays!==1&&document.readyState==='complete'", "another page")
}

// Swap runs act and waits for one htmx request with its swap.
func (p *Page) Swap(act func()) {
	p.t.Helper()
	n := p.JS("watched.done")
	act()
	p.until("watched.busy===0&&watched.done>"+n, "an htmx answer")
}

// Live waits until the page's event stream is open.
func (p *Page) Live() { p.t.Helper(); p.until("watched.live>0", "the event stream opens") }

// Idle waits until nothing has been loading for a while; open streams do not
// count. What never ends is a fault.
func (p *Page) Idle(quiet time.Duration) {
	p.t.Helper()
	var waits []string
	for end := time.Now().Add(patience); time.Now().Before(end) && p.Err() == nil; time.Sleep(10 * time.Millisecond) {
		p.mu.Lock()
		still := len(p.open) == 0 && time.Since(p.last) >= quiet
		waits = waits[:0]
		for _, r := range p.open {
			waits = append(waits, r.url)
		}
		p.mu.Unlock()
		if still {
			return
		}
	}
	p.t.Fatalf("still loading: %v%s", waits, p.where())
}

// Cookies gives all cookies of the window.
func (p *Page) Cookies() []*network.Cookie {
	p.t.Helper()
	jar, err := chromedp.CallBrowser(p, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: p.incognito()})
	if err != nil {
		p.t.Fatal(err)
	}
	return jar.Cookies
}

// ClearCookies forgets them all: another device with the same history.
func (p *Page) ClearCookies() {
	p.t.Helper()
	if _, err := chromedp.CallBrowser(p, storage.ClearCookies, storage.ClearCookiesParams{BrowserContextID: p.incognito()}); err != nil {
		p.t.Fatal(err)
	}
}

// SetCookie puts a cookie into the window as the bank would.
func (p *Page) SetCookie(name, value string) {
	p.t.Helper()
	p.Do(send(network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: p.base, Path: "/", Secure: new(true), HTTPOnly: new(true), SameSite: "Lax"}))
}

// Another opens a second window of the same person: same cookies, cold cache.
func (p *Page) Another(o Opt) *Page {
	p.t.Helper()
	q := Open(p.t, p.base, o)
	for _, c := range p.Cookies() {
		q.SetCookie(c.Name, c.Value)
	}
	return q
}

func (p *Page) incognito() cdp.BrowserContextID { return chromedp.FromContext(p).BrowserContextID }

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(b)
}
