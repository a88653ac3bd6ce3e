package cabinet

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/ui"
)

// shownFor is how long requisites stay on a screen (C03).
const shownFor = 60 * time.Second

func (d *Door) getRequisites(w http.ResponseWriter, r *http.Request, k card.Card) error {
	return d.renderRequisites(w, r, http.StatusOK, k, RequisitesView{Page: d.shown(w, r)})
}

// renderRequisites asks for a fresh proof, or shows what it was given for. The
// answer that shows is not to be kept, and leads the browser away after a
// minute, with scripts or without.
func (d *Door) renderRequisites(w http.ResponseWriter, r *http.Request, status int, k card.Card, v RequisitesView) error {
	found, err := d.face(r, k)
	if err != nil {
		return err
	}
	v.Card, v.Virtual, v.Dynamic = found.shown, k.Virtual(), k.DynamicCVC
	switch {
	case k.State.Dead():
		v.Never = v.P.Fault(card.ErrDead)
	case byBank(k):
		v.Never = v.P.Fault(card.ErrBankFroze)
	case k.State == card.NotActivated:
		v.Never = v.P.Fault(card.ErrNotShown)
	}
	if v.Passkeys, err = d.hasPasskeys(r); err != nil {
		return err
	}
	if v.Number != "" {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Refresh", strconv.Itoa(int(shownFor.Seconds()))+"; url="+cardHref(k, ""))
	}
	return d.render(w, r, status, RequisitesPage(v))
}

// face is a card as pages draw it, with the name and the picture of its place.
func (d *Door) face(r *http.Request, k card.Card) (owned, error) {
	all, err := d.wallet(r)
	if err != nil {
		return owned{}, err
	}
	return pick(all, k.ID.Text(card.Prefix))
}

// postRequisites shows number, date and CVC to whoever proves himself anew, and
// sets whether the CVC of a virtual card changes with time. That it changes
// takes no proof; that it stays does.
func (d *Door) postRequisites(w http.ResponseWriter, r *http.Request, k card.Card) error {
	f := of(r).form
	err := errors.Join(f.Faults()...)
	v := RequisitesView{Page: d.page(r)}
	switch ask := f.Get("cvc"); {
	case err != nil:
	case ask == "moves":
		err = d.Cards.SetDynamicCVC(r.Context(), k.Client, access.Proof{}, k.ID, true)
		if err == nil || errors.Is(err, card.ErrNoChange) {
			leaveNotice(w, noticeCardCVCMoves)
			return seeOther(w, r, cardHref(k, "/requisites"))
		}
	default:
		var proof access.Proof
		if proof, err = d.freshProof(w, r); err != nil {
			break
		}
		if ask == "stays" {
			err = d.Cards.SetDynamicCVC(r.Context(), k.Client, proof, k.ID, false)
			if err == nil || errors.Is(err, card.ErrNoChange) {
				leaveNotice(w, noticeCardCVCStays)
				return seeOther(w, r, cardHref(k, "/requisites"))
			}
			break
		}
		var open card.Requisites
		if open, err = d.Cards.Requisites(r.Context(), proof, k.ID); err == nil {
			v.Number, v.Expires, v.CVC, v.CVCUntil, v.Holder = open.Number.Reveal(), open.Expires, open.CVC.Reveal(), open.CVCUntil, open.Holder
			return d.renderRequisites(w, r, http.StatusOK, k, v)
		}
	}
	return d.cardRefused(w, r, err, cardHref(k, "/requisites"), func(status int, problems ui.Errors) error {
		v.Errors = problems
		return d.renderRequisites(w, r, status, k, v)
	})
}

func (d *Door) getPIN(w http.ResponseWriter, r *http.Request, k card.Card) error {
	return d.renderPIN(w, r, http.StatusOK, k, PINView{Page: d.shown(w, r), Unblock: r.URL.Query().Get("ask") == "unblock"})
}

func (d *Door) renderPIN(w http.ResponseWriter, r *http.Request, status int, k card.Card, v PINView) error {
	found, err := d.face(r, k)
	if err != nil {
		return err
	}
	v.Card, v.Set, v.Blocked = found.shown, k.PINSet, k.PINSet && k.PINLeft == 0
	v.Unblock = v.Unblock && v.Blocked
	switch {
	case k.State.Dead():
		v.Never = v.P.Fault(card.ErrDead)
	case byBank(k):
		v.Never = v.P.Fault(card.ErrBankFroze)
	case k.Virtual():
		v.Never = v.P.Fault(card.ErrNoPINPad)
	}
	if v.Passkeys, err = d.hasPasskeys(r); err != nil {
		return err
	}
	return d.render(w, r, status, PINPage(v))
}

// postPIN sets a PIN or frees a blocked one, both for a fresh proof. The digits
// are never given back to a page.
func (d *Door) postPIN(w http.ResponseWriter, r *http.Request, k card.Card) error {
	f := of(r).form
	v := PINView{Page: d.page(r), Unblock: f.Get("ask") == "unblock"}
	err := errors.Join(f.Faults()...)
	var proof access.Proof
	if err == nil {
		proof, err = d.freshProof(w, r)
	}
	left := noticeCardPIN
	switch {
	case err != nil:
	case v.Unblock:
		err = d.Cards.UnblockPIN(r.Context(), proof, k.ID)
		left = noticeCardPINFree
	default:
		err = d.Cards.SetPIN(r.Context(), proof, k.ID, vault.Hide(strings.TrimSpace(f.Get("pin"))), vault.Hide(strings.TrimSpace(f.Get("repeat"))))
	}
	if err == nil {
		leaveNotice(w, left)
		return seeOther(w, r, cardHref(k, ""))
	}
	return d.cardRefused(w, r, err, cardHref(k, "/pin"), func(status int, problems ui.Errors) error {
		v.Errors = problems
		return d.renderPIN(w, r, status, k, v)
	})
}

func (d *Door) getActivate(w http.ResponseWriter, r *http.Request, k card.Card) error {
	return d.renderActivate(w, r, http.StatusOK, k, ActivateView{Page: d.shown(w, r)})
}

func (d *Door) renderActivate(w http.ResponseWriter, r *http.Request, status int, k card.Card, v ActivateView) error {
	found, err := d.face(r, k)
	if err != nil {
		return err
	}
	v.Card = found.shown
	way, err := d.delivery(r, v.Page, k)
	if err != nil {
		return err
	}
	switch {
	case k.State.Dead():
		v.Never = v.P.Fault(card.ErrDead)
	case byBank(k):
		v.Never = v.P.Fault(card.ErrBankFroze)
	case k.State != card.NotActivated && (way == nil || !way.InHands):
		v.Never = v.P.T("cabinet.cards.on_already")
	case way != nil && !way.InHands:
		v.Never = v.P.Fault(card.ErrNotInHands)
	}
	if v.Passkeys, err = d.hasPasskeys(r); err != nil {
		return err
	}
	return d.render(w, r, status, ActivatePage(v))
}

// postActivate lets plastic work that its owner has in his hands; a PIN is what
// comes next.
func (d *Door) postActivate(w http.ResponseWriter, r *http.Request, k card.Card) error {
	f := of(r).form
	err := errors.Join(f.Faults()...)
	var proof access.Proof
	if err == nil {
		proof, err = d.freshProof(w, r)
	}
	if err == nil {
		err = d.Cards.Activate(r.Context(), proof, k.ID)
	}
	if err == nil {
		leaveNotice(w, noticeCardOn)
		if k.PINSet {
			return seeOther(w, r, cardHref(k, ""))
		}
		return seeOther(w, r, cardHref(k, "/pin"))
	}
	return d.cardRefused(w, r, err, cardHref(k, "/activate"), func(status int, problems ui.Errors) error {
		v := ActivateView{Page: d.page(r)}
		v.Errors = problems
		return d.renderActivate(w, r, status, k, v)
	})
}
