package e2e

import (
	"encoding/json"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// Whoever has no mouse walks a page with Tab: he comes by everything that can be
// used, sees each time where he is, finds nothing of it covered, and comes out
// at the end.

// stops is what the keyboard has to come by. Of a group of radio buttons one is
// a stop, and the arrows do the rest.
const stops = `[...document.querySelectorAll('a[href],button,input,select,textarea,summary,[tabindex]')].filter(e=>
	!e.disabled&&e.tabIndex>=0&&e.type!=='hidden'&&!e.closest('[inert]')&&e.checkVisibility({visibilityProperty:true})&&
	!(e.type==='radio'&&(g=>g.some(r=>r.checked)?!e.checked:g[0]!==e)([...document.getElementsByName(e.name)].filter(r=>r.form===e.form))))`

// stop looks at what has the focus: its name, and whether that shows. A field of
// a date has several stops of its own, whose focus the browser draws itself.
const stop = `(()=>{
	const e=document.activeElement;
	if(!e||e===document.body||e===document.documentElement)return {End:true};
	const part=walked.last===e,again=walked.has(e)&&!part;walked.add(e);walked.last=e;
	const near=[e,e.nextElementSibling,e.parentElement,e.parentElement?.parentElement].filter(Boolean);
	const shows=part||near.some(n=>{const s=getComputedStyle(n);return s.outlineStyle!=='none'&&parseFloat(s.outlineWidth)>0||n.matches(':focus-within')&&s.boxShadow!=='none'});
	return {Name:(e.getAttribute('aria-label')||e.innerText||e.name||e.id||e.tagName).trim().slice(0,60),Again:again,Shows:shows}})()`

// free tells whether something of what has the focus can be seen.
const free = `(e=>{
	const r=e.getBoundingClientRect();
	return r.width<2||[[.5,.5],[.1,.5],[.9,.5],[.5,.1],[.5,.9]].some(([x,y])=>{
		const t=document.elementFromPoint(r.x+r.width*x,r.y+r.height*y);
		return t&&(e.contains(t)||t.contains(e)||e.labels&&[...e.labels].some(l=>l.contains(t)))})})(document.activeElement)`

// Keys walks the page as it stands with the Tab key alone.
func (p *Page) Keys(what string) {
	p.t.Helper()
	// Chromium begins where the focus was last: put it before everything.
	p.JS(`(b=>{const s=document.createElement('span');s.tabIndex=-1;b.prepend(s);s.focus();s.remove();window.walked=new Set;scrollTo(0,0);return 1})(document.body)`)
	for n := 0; ; n++ {
		if n > 400 {
			p.t.Errorf("%s: Tab never comes to an end", what)
			return
		}
		p.Key(kb.Tab)
		var at struct {
			Name              string
			End, Again, Shows bool
		}
		if err := json.Unmarshal([]byte(p.JS("JSON.stringify("+stop+")")), &at); err != nil {
			p.t.Fatal(err)
		}
		if at.End || at.Again {
			break
		}
		if !at.Shows {
			p.t.Errorf("%s: «%s» has the focus and does not show it", what, at.Name)
		}
		for look := 0; p.JS(free) != "true"; look++ { // it may still be scrolling there
			if look == 40 {
				p.t.Errorf("%s: «%s» has the focus and cannot be seen; it stands at %s", what, at.Name, p.JS(`(r=>[r.x,r.y,r.width,r.height,scrollX,scrollY].map(Math.round)+
					' under '+(document.elementFromPoint(r.x+r.width/2,r.y+r.height/2)?.outerHTML.slice(0,80)))(document.activeElement.getBoundingClientRect())`))
				break
			}
			time.Sleep(25 * time.Millisecond)
		}
	}
	missed := p.JS(stops + `.filter(e=>!walked.has(e)).map(e=>e.tagName+' '+(e.getAttribute('aria-label')||e.innerText||e.name||e.id).trim().slice(0,40)).join(' | ')`)
	if missed != "" {
		p.t.Errorf("%s: Tab does not come by: %s", what, missed)
	}
	p.JS("(document.activeElement?.blur?.(),document.querySelectorAll('.scroll,nav').forEach(e=>e.scrollLeft=0),scrollTo(0,0),1)")
}
