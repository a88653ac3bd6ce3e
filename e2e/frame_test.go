package e2e

import (
	"strings"
	"sync"
	"time"

	"github.com/chromedp/chromedp"
)

// Frame is a page of another site that stands in a frame of this window's
// page. It is a process of its own: what it shows and what its forms hold is
// read through it, and its buttons are pressed by the page's own click.
func (p *Page) Frame(origin string) *Page {
	p.t.Helper()
	mine := p.incognito()
	for end := time.Now().Add(patience); time.Now().Before(end) && p.Err() == nil; time.Sleep(25 * time.Millisecond) {
		all, err := chromedp.Targets(p)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, one := range all {
			if one.Type != "iframe" || one.BrowserContextID != mine || !strings.HasPrefix(one.URL, origin+"/") {
				continue
			}
			ctx, cancel := chromedp.NewContext(p.Context, chromedp.WithTargetID(one.TargetID), chromedp.WithDetachOnCancel(), chromedp.WithListener(p.listen))
			f := &Page{Context: ctx, t: p.t, opt: p.opt, base: origin}
			f.Shut = sync.OnceFunc(cancel)
			p.t.Cleanup(f.Shut)
			if err := chromedp.Do(ctx); err != nil {
				p.t.Fatal(err)
			}
			return f
		}
	}
	p.t.Fatalf("no frame of %s%s", origin, p.where())
	return nil
}

// Type puts a text into a field of a frame.
func (p *Page) Type(name, text string) {
	p.t.Helper()
	p.until("document.querySelector("+quote(field(name))+")", "a field named "+name)
	p.JS("(e=>{e.value=" + quote(text) + ";e.dispatchEvent(new Event('input',{bubbles:true}))})(document.querySelector(" + quote(field(name)) + "))")
}

// Push presses a button of a frame. The frame may be gone before it answers.
func (p *Page) Push(words string) {
	p.t.Helper()
	p.until(named+"("+quote(words)+")", "a button «"+words+"» in the frame")
	_, _ = glance(p, chromedp.Evaluate[chromedp.Void]("setTimeout(()=>"+named+"("+quote(words)+").click())"))
}
