package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"rocketbank/internal/base/tier"
)

// The cabinet as an installed app: it can be installed, keeps nothing of
// anybody's on the device, says so when there is no network, and after logout
// the back button shows no personal page.
func TestInstalledAppStory(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	storyDemo(t, func(t *testing.T, d *Demo) {
		who := d.Person("Марина")
		p := d.Open(t, Opt{Mobile: true, Within: 4 * time.Minute, Allow: []string{"ERR_CONNECTION", "ERR_INCOMPLETE", "ERR_EMPTY"}})
		p.Login(d, who.Phone, who.Passcode)
		p.Until("navigator.serviceWorker.controller")
		installable(t, p)

		for _, path := range []string{"/home", "/operations", "/transfer", "/topup", "/more", "/profile/devices", "/home"} {
			p.Go(path)
		}
		cachesNothing(t, p, who)

		d.Kill()
		p.Go("/home")
		p.Sees("Нет сети")
		p.SeesNot(who.Name)
		p.SeesNot("₽")
		p.SeesNot("Марина")
		d.Restart()
		p.Go("/home")
		p.Sees("Привет, Марина!")

		// Whoever has the cookie and not the key does not even log somebody out.
		if status, _ := p.raw(http.MethodPost, "/logout", url.Values{}); status != http.StatusForbidden {
			t.Errorf("a logout that the device did not sign is answered %d", status)
		}
		p.Logout()
		p.Fill("passcode", who.Passcode)
		p.Submit("Войти")
		p.At("/home")
		p.Go("/operations")
		p.Logout()
		p.Sees("Вы вышли")
		for range 3 {
			p.Back()
			p.At("/login")
			p.SeesNot("₽")
			p.SeesNot("Марина О")
		}
		cachesNothing(t, p, who)
	})
}

// installable asks the browser itself. The headless shell knows the manifest
// but never what else an installation needs; the whole Chromium tells that too.
func installable(t *testing.T, p *Page) {
	t.Helper()
	m, err := chromedp.Call(p, page.GetAppManifest, page.GetAppManifestParams{})
	if err != nil || m.URL == "" || len(m.Errors) > 0 {
		t.Errorf("manifest at %q: %v %v", m.URL, m.Errors, err)
	}
	var said struct {
		ID, Name, Display, Scope string
		StartURL                 string `json:"start_url"`
		Icons                    []struct{ Src, Purpose, Sizes string }
		Shortcuts                []struct{ URL string }
	}
	if err := json.Unmarshal([]byte(m.Data), &said); err != nil {
		t.Fatalf("manifest: %v\n%s", err, m.Data)
	}
	if said.ID != "/" || said.Display != "standalone" || said.Scope != "/" || !strings.HasPrefix(said.StartURL, "/") || len(said.Icons) < 3 || len(said.Shortcuts) == 0 {
		t.Errorf("manifest says %+v", said)
	}
	for _, icon := range said.Icons {
		if got := p.JS("fetch(" + quote(icon.Src) + ").then(r=>r.ok)"); got != "true" {
			t.Errorf("icon %s: %s", icon.Src, got)
		}
	}
	inst, err := chromedp.Call(p, page.GetInstallabilityErrors, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range inst.InstallabilityErrors {
		if e.ErrorID != "in-incognito" {
			t.Errorf("not installable: %s", e.ErrorID)
		}
	}
}

var staticFile = regexp.MustCompile(`^/static/[^/]+\.[0-9a-f]{8,}\.[a-z0-9]+$|^/offline$|^/manifest\.webmanifest$`)

// cachesNothing looks into everything a page can leave on the device.
func cachesNothing(t *testing.T, p *Page, who Person) {
	t.Helper()
	var found struct {
		Files []struct{ URL, Text string }
		Local map[string]string
		Other []string // what lies in IndexedDB and is no private key that never leaves it
	}
	raw := p.JS(`(async()=>{const files=[];
		for(const n of await caches.keys())for(const r of await (await caches.open(n)).keys())
			files.push({URL:new URL(r.url).pathname,Text:await (await caches.match(r)).text()});
		const asked=q=>new Promise((y,n)=>{q.onsuccess=()=>y(q.result);q.onerror=()=>n(q.error)});
		const other=[];
		for(const {name} of await indexedDB.databases()){
			const db=await asked(indexedDB.open(name));
			for(const s of db.objectStoreNames)for(const v of await asked(db.transaction(s).objectStore(s).getAll())){
				const pair=v.privateKey instanceof CryptoKey&&!v.privateKey.extractable&&v.publicKey instanceof CryptoKey&&Object.keys(v).length===2;
				if(!pair)other.push(name+'/'+s+': '+JSON.stringify(v));
			}
			db.close();
		}
		return JSON.stringify({Files:files,Local:{...localStorage,...sessionStorage},Other:other})})()`)
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		t.Fatal(err)
	}
	first := strings.Fields(who.Name)[0]
	for _, f := range found.Files {
		if !staticFile.MatchString(f.URL) {
			t.Errorf("the worker keeps %s", f.URL)
		}
		if strings.Contains(f.Text, first) || strings.Contains(f.Text, strings.TrimPrefix(who.Phone, "+7")) {
			t.Errorf("the kept %s names the client", f.URL)
		}
	}
	if len(found.Local) > 0 || len(found.Other) > 0 {
		t.Errorf("left on the device: %v, %v", found.Local, found.Other)
	}
}

// raw sends a form by hand with the window's cookies and gives the answer's head.
func (p *Page) raw(method, path string, form url.Values) (int, http.Header) {
	p.t.Helper()
	req, err := http.NewRequest(method, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", p.base)
	for _, c := range p.Cookies() {
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	res, err := noRedirects.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode, res.Header
}
