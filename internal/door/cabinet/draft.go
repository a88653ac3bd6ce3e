package cabinet

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/web"
	"rocketbank/internal/ledger"
)

// draft is a transfer, a top-up or what is said in a dispute between two pages. It travels through the
// browser under seal, bound to its client and short-lived: an address may show
// neither names nor messages (W08), and a form outlives the session it was
// typed in. Codes, card numbers and passcodes are never part of it.
type draft struct {
	To      string `json:"t,omitempty"` // payee token, or our card of a top-up
	From    string `json:"f,omitempty"` // our card
	Amount  string `json:"a,omitempty"` // as typed
	Message string `json:"m,omitempty"` // or the words of a dispute
	Why     string `json:"w,omitempty"` // the reason of a dispute
	Quote   string `json:"q,omitempty"` // what the confirmation page shows
	Key     id.ID  `json:"k"`           // idempotency key of the order
	Until   int64  `json:"u"`
	Again   bool   `json:"g,omitempty"` // a card number was typed, which nothing keeps: the form says so
	// Session and Passed: the passcode of the order was right there and then,
	// and a code for its text is awaited.
	Session id.ID `json:"s,omitzero"`
	Passed  int64 `json:"p,omitempty"`

	outrun error // why the quote counts no more and the page asks again; of this answer alone
}

const (
	draftLife = 30 * time.Minute
	keyPrefix = "ky"

	// What a draft keeps of a field that nobody has checked yet.
	keptShort = 120 // runes
	keptLong  = 600
	keptWords = 1000
)

func draftAt(whose client.ID) vault.At {
	return vault.At{Table: "cabinet.draft", Row: vault.Row64(int64(whose))}
}

func (d *Door) sealDraft(whose client.ID, x draft) (string, error) {
	x.Until = d.Now().Add(draftLife).Unix()
	plain, err := json.Marshal(x)
	if err != nil {
		return "", err
	}
	sealed, err := d.Vault.Seal(vault.PII, draftAt(whose), plain)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// openDraft reads a draft back; false when it is altered, another's or too old.
func (d *Door) openDraft(whose client.ID, token string) (draft, bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return draft{}, false
	}
	plain, err := d.Vault.Open(vault.PII, draftAt(whose), sealed)
	if err != nil {
		return draft{}, false
	}
	var x draft
	if json.Unmarshal(plain, &x) != nil || d.Now().Unix() >= x.Until {
		return draft{}, false
	}
	return x, true
}

// keptFor tells whose form it is when the session is over: the browser's device
// knows. A strange browser keeps nothing.
func (d *Door) keptFor(r *http.Request) (client.ID, bool) {
	known, err := d.Access.KnownDevice(r.Context(), web.Cookie(r, deviceCookie))
	return known.Client, err == nil
}

func (d *Door) keep(r *http.Request, page string, x draft) (string, bool) {
	x.To, x.From, x.Amount, x.Message = cut(x.To, 4*keptLong), cut(x.From, keptShort), cut(x.Amount, keptShort), cut(x.Message, keptLong)
	return d.keepWhole(r, page, x)
}

func (d *Door) keepWhole(r *http.Request, page string, x draft) (string, bool) {
	whose, ok := d.keptFor(r)
	if !ok {
		return page, false
	}
	token, err := d.sealDraft(whose, x)
	if err != nil {
		return page, false
	}
	return page + "?" + url.Values{"draft": {token}}.Encode(), true
}

// keepTransfer keeps the transfer form, whichever of its buttons was pressed.
func (d *Door) keepTransfer(r *http.Request) (string, bool) {
	f := of(r).form
	return d.keep(r, "/transfer", draft{To: f.Get("to"), From: f.Get("from"), Amount: f.Get("amount"), Message: f.Get("message"), Key: d.IDs.New()})
}

// keepConfirm brings back the confirmation page: same quote, same key. What was
// ordered before the session ended is found under that key and not done twice.
func (d *Door) keepConfirm(k ordered) func(r *http.Request) (string, bool) {
	return func(r *http.Request) (string, bool) {
		whose, ok := d.keptFor(r)
		if !ok {
			return k.start(), false
		}
		x, ok := d.openDraft(whose, of(r).form.Get("draft"))
		if !ok {
			return k.start(), false
		}
		return d.keep(r, k.at(), x)
	}
}

func (d *Door) keepTopUp(r *http.Request) (string, bool) {
	f := of(r).form
	return d.keep(r, "/topup", draft{To: f.Get("to"), Amount: f.Get("amount"), Key: d.keyOf(f.Get("key"))})
}

// keepDispute keeps what was said in a dispute. It may be long: of what the
// address of a login has no room for, the end is lost rather than all of it.
func (d *Door) keepDispute(r *http.Request) (string, bool) {
	f := of(r).form
	x := draft{Why: cut(f.Get("why"), keptShort), Message: cut(f.Get("words"), keptWords)}
	for {
		back, kept := d.keepWhole(r, r.URL.EscapedPath(), x)
		if _, fits := web.LocalPath(back); fits || x.Message == "" {
			return back, kept
		}
		x.Message = cut(x.Message, utf8.RuneCountInString(x.Message)*3/4)
	}
}

// keptDispute gives back what keepDispute kept; old tells that it is gone.
func (d *Door) keptDispute(r *http.Request) (x draft, old bool) {
	token := r.URL.Query().Get("draft")
	if token == "" {
		return draft{}, false
	}
	x, ok := d.openDraft(of(r).session.Client, token)
	return x, !ok
}

// keyOf reads the idempotency key of a form; a page without a good one gets one.
func (d *Door) keyOf(text string) id.ID {
	if k, err := id.Parse(keyPrefix, text); err == nil {
		return k
	}
	return d.IDs.New()
}

func ledgerKey(k id.ID) ledger.Key { return ledger.Key(k) }

// cut keeps at most n runes.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
