package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// Slip is what a terminal of the sandbox keeps of a payment.
type Slip struct {
	ID, Code, State, Approval string
	Approved                  int64
	Believed                  bool
}

// Swipe puts somebody's first card to a terminal of the sandbox, which asks
// the bank over the card network.
func (d *Demo) Swipe(who Person, place, mode, amount, pin string) Slip {
	d.t.Helper()
	_, cards := d.Call(http.MethodGet, "/cards", who.Token, nil, nil)
	list, _ := cards["cards"].([]any)
	if len(list) == 0 {
		d.t.Fatalf("%s has no card: %v", who.Name, cards)
	}
	first, _ := list[0].(map[string]any)
	id, _ := first["id"].(string)
	var s Slip
	d.postForm(d.Sandbox+"/terminal.json", url.Values{"card": {id}, "place": {place}, "mode": {mode}, "amount": {amount}, "pin": {pin}}, &s)
	return s
}

// Clear sends the network's file with everything that shops present.
func (d *Demo) Clear() {
	d.t.Helper()
	d.postForm(d.Sandbox+"/clearing.json", nil, &struct{}{})
}

func (d *Demo) postForm(address string, form url.Values, into any) {
	d.t.Helper()
	res, err := http.PostForm(address, form)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		d.t.Fatalf("POST %s: %s", address, res.Status)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		d.t.Fatalf("POST %s: %v", address, err)
	}
}

// A holder watches her page while her card pays at a café of another bank: the
// hold comes live, the clearing makes it final, a refusal says why.
func cardPays(t *testing.T, d *Demo) {
	who := d.Person("Марина")
	p := d.Open(t, Opt{Mobile: true, Within: 4 * time.Minute})
	p.Login(d, who.Phone, who.Passcode)
	d.Clear() // what the example people bought lately
	p.Go("/home")
	before, total := d.Balance(who.Token), p.Total()
	inbox := d.Inbox(who.Phone)
	s := d.Swipe(who, "cafe", "phone", "641.50", "")
	if s.Code != "00" || !s.Believed || s.Approved != 641_50 {
		t.Fatalf("the terminal got %+v", s)
	}
	p.Sees("641,50") // without reloading
	p.Sees("в обработке")
	p.Go("/home")
	if got := p.Total(); got != total-641_50 {
		t.Errorf("%d kopecks may be spent of %d after a hold of 64150", got, total)
	}
	inbox.Next("Покупка 641,50 ₽, Kofeynya Zerno")
	d.Clear()
	p.Go("/operations")
	p.Click("a.op")
	p.AtPrefix("/operations/op_")
	p.Sees("Магазин получил деньги")
	p.SeesNot("в обработке")
	p.Gate("operation-purchase")
	if got := d.Balance(who.Token); got != before-641_50 {
		t.Errorf("%d kopecks are left of %d after the clearing", got, before)
	}
	if s := d.Swipe(who, "shop", "phone", "2000000", ""); s.Code != "51" {
		t.Errorf("two million were answered %+v", s)
	}
	p.Go("/operations")
	p.Sees("Не хватило")
	p.Click("a.op")
	p.AtPrefix("/operations/op_")
	p.Sees("Пополните карту")
	p.Gate("operation-declined")
}
