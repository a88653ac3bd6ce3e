package sandbox

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// terminalData is the page of the terminals.
type terminalData struct {
	Cards  []Plastic
	Places []place
	Modes  []string
	Slips  []*slip
	Owed   int
	Typed  typedSwipe
	// Problem is the key of what is wrong with what was typed.
	Problem string
}

type typedSwipe struct{ Card, Place, Mode, Amount string }

// maxSlips bounds what the page lists.
const maxSlips = 30

func (d *door) getTerminal(w http.ResponseWriter, r *http.Request) error {
	return d.showTerminal(w, r, http.StatusOK, typedSwipe{Place: "shop", Mode: "chip", Amount: "1250.50"}, "")
}

func (d *door) showTerminal(w http.ResponseWriter, r *http.Request, status int, typed typedSwipe, problem string) error {
	cards, err := d.cfg.Wallet(r.Context())
	if err != nil {
		return err
	}
	return d.show(w, r, status, "terminal.html", "sandbox.terminal.title", terminalData{
		Cards: cards, Places: places(), Modes: modes(), Slips: d.till.lately(maxSlips), Owed: len(d.till.owed()), Typed: typed, Problem: problem,
	})
}

// postTerminal pays and shows the slip.
func (d *door) postTerminal(w http.ResponseWriter, r *http.Request) error {
	s, err := d.swiped(r)
	var no *refusal
	if errors.As(err, &no) && no.status == http.StatusUnprocessableEntity {
		typed := typedSwipe{r.PostFormValue("card"), r.PostFormValue("place"), r.PostFormValue("mode"), r.PostFormValue("amount")}
		return d.showTerminal(w, r, no.status, typed, "sandbox.terminal."+no.reason)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/terminal/"+s.ID)
}

// postTerminalJSON is the same for programs: the slip with its messages.
func (d *door) postTerminalJSON(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return refuse(http.StatusBadRequest, "bad_form", "")
	}
	s, err := d.swiped(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, struct {
		*slip
		Talk []talk `json:"talk"`
	}{s, s.Talk})
}

// swiped reads a form and pays.
func (d *door) swiped(r *http.Request) (*slip, error) {
	p, ok := placeOf(r.PostFormValue("place"))
	if !ok || p.ID == webShop().ID {
		return nil, refuse(http.StatusUnprocessableEntity, "bad_place", "place")
	}
	mode := r.PostFormValue("mode")
	if !slices.Contains(modes(), mode) {
		return nil, refuse(http.StatusUnprocessableEntity, "bad_mode", "mode")
	}
	minor, ok := minorOf(r.PostFormValue("amount"))
	if !ok {
		return nil, refuse(http.StatusUnprocessableEntity, "bad_amount", "amount")
	}
	card, err := d.plastic(r.Context(), r.PostFormValue("card"))
	if err != nil {
		return nil, err
	}
	if card.Virtual && mode != "phone" {
		return nil, refuse(http.StatusUnprocessableEntity, "no_plastic", "mode")
	}
	return d.till.pay(r.Context(), swipe{card: card, place: p, mode: mode, minor: minor, pin: strings.TrimSpace(r.PostFormValue("pin"))})
}

func (d *door) plastic(ctx context.Context, id string) (Plastic, error) {
	cards, err := d.cfg.Wallet(ctx)
	if err != nil {
		return Plastic{}, err
	}
	for _, c := range cards {
		if c.ID == id {
			return c, nil
		}
	}
	return Plastic{}, refuse(http.StatusUnprocessableEntity, "bad_card", "card")
}

// maxMinor bounds what one types into a terminal: ten million.
const maxMinor = 1_000_000_000

// minorOf reads an amount as a terminal takes it: roubles, and two digits behind a point.
func minorOf(s string) (int64, bool) {
	whole, part, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(s), ",", "."), ".")
	if len(part) > 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+(part + "00")[:2], 10, 40)
	return int64(n), err == nil && whole != "" && n <= maxMinor // #nosec G115 -- 40 bits
}

type slipData struct {
	*slip
	Place place
	Can   struct{ Reverse, Tip, Complete, Refund bool }
}

func (d *door) getSlip(w http.ResponseWriter, r *http.Request) error {
	s, ok := d.till.find(r.PathValue("slip"))
	if !ok {
		return refuse(http.StatusNotFound, "no_such_page", "")
	}
	data := slipData{slip: s}
	data.Place, _ = placeOf(s.Place)
	data.Can.Reverse = s.State == slipApproved
	data.Can.Tip = s.State == slipApproved && data.Place.Tips && s.Process == "00" && s.Present == s.Approved
	data.Can.Complete = s.State == slipApproved && data.Place.Preauth
	data.Can.Refund = (s.State == slipPresented || s.State == slipCompleted) && s.Process == "00"
	return d.show(w, r, http.StatusOK, "slip.html", "sandbox.slip.title", data)
}

// postSlip does something with a slip that is there.
func (d *door) postSlip(w http.ResponseWriter, r *http.Request) error {
	s, ok := d.till.find(r.PathValue("slip"))
	if !ok {
		return refuse(http.StatusNotFound, "no_such_page", "")
	}
	card, err := d.plastic(r.Context(), s.Card)
	if err != nil {
		return err
	}
	switch act := r.PostFormValue("act"); {
	case act == "reverse" && s.State == slipApproved:
		err = d.till.takeBack(r.Context(), s, card, "17") // the customer changed his mind
	case act == "tip" && s.State == slipApproved:
		s.Present = s.Approved + s.Approved/10
		err = d.till.keep(s)
	case act == "complete" && s.State == slipApproved:
		err = d.till.complete(r.Context(), s, card, s.Approved)
	case act == "refund" && (s.State == slipPresented || s.State == slipCompleted):
		var back *slip
		if back, err = d.till.giveBack(r.Context(), s, card); err == nil {
			s = back
		}
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/terminal/"+s.ID)
}

// postClearing sends the day's file to the issuer.
func (d *door) postClearing(w http.ResponseWriter, r *http.Request) error {
	if err := d.clear(r.Context()); err != nil {
		return err
	}
	return seeOther(w, r, "/terminal")
}

// postClearingJSON is the same for programs.
func (d *door) postClearingJSON(w http.ResponseWriter, r *http.Request) error {
	if err := d.clear(r.Context()); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]int{"owed": len(d.till.owed())})
}

func (d *door) clear(ctx context.Context) error {
	f, err := d.till.present(ctx)
	if err != nil || f.Count == 0 {
		return err
	}
	if err := f.save(d.cfg.DataDir); err != nil {
		return err
	}
	if err := d.post.postAs(d.cfg.ClearingURL, "application/jsonl", f.body); err != nil {
		return err
	}
	return d.till.presented(f)
}

// Money says what a slip is about.
func (s *slip) Money() string {
	out := strconv.FormatInt(s.Minor/100, 10) + "." + strconv.FormatInt(s.Minor%100+100, 10)[1:]
	if s.Currency == "978" {
		return "€" + out
	}
	return out + " ₽"
}
