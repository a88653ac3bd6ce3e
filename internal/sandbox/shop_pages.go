package sandbox

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

type shopData struct {
	Cards   []Plastic
	Amount  string
	Problem string
}

func (d *door) getShop(w http.ResponseWriter, r *http.Request) error {
	return d.showShop(w, r, http.StatusOK, "4990", "")
}

func (d *door) showShop(w http.ResponseWriter, r *http.Request, status int, amount, problem string) error {
	cards, err := d.cfg.Wallet(r.Context())
	if err != nil {
		return err
	}
	return d.show(w, r, status, "shop.html", "sandbox.shop.title", shopData{cards, amount, problem})
}

// postShop begins a purchase: with a card that one typed, or one of the demo's people.
func (d *door) postShop(w http.ResponseWriter, r *http.Request) error {
	minor, ok := minorOf(r.PostFormValue("amount"))
	if !ok || minor == 0 {
		return d.showShop(w, r, http.StatusUnprocessableEntity, r.PostFormValue("amount"), "sandbox.terminal.bad_amount")
	}
	o := &shopOrder{ID: d.shop.ids.New().Text("so"), Minor: minor}
	if number := spaceless(r.PostFormValue("number")); number != "" {
		o.number, o.cvc = Secret(number), Secret(strings.TrimSpace(r.PostFormValue("cvc")))
		month, year, _ := strings.Cut(strings.TrimSpace(r.PostFormValue("exp")), "/")
		o.expiry = Secret(year + month)
	} else {
		c, err := d.plastic(r.Context(), r.PostFormValue("card"))
		if err != nil {
			return d.showShop(w, r, http.StatusUnprocessableEntity, r.PostFormValue("amount"), "sandbox.terminal.bad_card")
		}
		o.number, o.expiry, o.cvc = c.Number, Secret(c.Expiry), c.CVC
	}
	if len(o.expiry) != 4 || len(o.number) < 13 {
		return d.showShop(w, r, http.StatusUnprocessableEntity, r.PostFormValue("amount"), "sandbox.shop.bad_card")
	}
	o.Masked = masked(string(o.number))
	err := d.shop.buy(r.Context(), o, browser{
		accept: orText(r.Header.Get("Accept"), "*/*"), agent: orText(r.UserAgent(), "unknown"), language: firstLanguage(r), ip: "127.0.0.1",
	})
	if err != nil {
		return err
	}
	return seeOther(w, r, "/shop/"+o.ID)
}

func spaceless(s string) string {
	return strings.Map(func(c rune) rune {
		if c == ' ' || c == '\u00a0' || c == '-' {
			return -1
		}
		return c
	}, s)
}

func orText(s, other string) string {
	if s == "" || len(s) > 2048 {
		return other
	}
	return s
}

func firstLanguage(r *http.Request) string {
	l, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	l, _, _ = strings.Cut(l, ";")
	if l = strings.TrimSpace(l); l == "" || len(l) > 8 {
		return "ru-RU"
	}
	return l
}

type orderData struct {
	*shopOrder
	ACS, CReq string // of a challenge
}

func (d *door) getOrder(w http.ResponseWriter, r *http.Request) error {
	o, ok := d.shop.find(r.PathValue("order"))
	if !ok {
		return refuse(http.StatusNotFound, "no_such_page", "")
	}
	data := orderData{shopOrder: o}
	if o.State == orderChallenged {
		data.ACS, data.CReq = o.ares.ACSURL, d.shop.creq(o)
		letFrame(w, data.ACS)
	}
	s := d.sheet(r, "sandbox.order.title", data)
	return d.print(w, http.StatusOK, "order.html", "layout", s)
}

// letFrame lets a page show the issuer's page in a frame and post into it.
func letFrame(w http.ResponseWriter, acs string) {
	u, err := url.Parse(acs)
	if err != nil {
		return
	}
	origin := u.Scheme + "://" + u.Host
	w.Header().Set("Content-Security-Policy", policy("'self' "+origin)+"; frame-src 'self' "+origin)
}

// postReturn is where the issuer sends the browser back, within the frame.
func (d *door) postReturn(w http.ResponseWriter, r *http.Request) error {
	o, ok := d.shop.find(r.PathValue("order"))
	if !ok {
		return refuse(http.StatusNotFound, "no_such_page", "")
	}
	if err := d.shop.back(r.Context(), o); err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", strings.Replace(policy("'self'"), "frame-ancestors 'none'", "frame-ancestors 'self'", 1))
	return d.print(w, http.StatusOK, "return.html", "bare", d.sheet(r, "sandbox.order.title", orderData{shopOrder: o}))
}

// postResult takes the issuer's message with the result of a challenge.
func (d *door) postResult(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		return refuse(http.StatusBadRequest, "bad_body", "")
	}
	answer, ok := d.shop.hear(body)
	if !ok {
		return refuse(http.StatusUnprocessableEntity, "unknown_transaction", "")
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err = w.Write(answer)
	return err
}
