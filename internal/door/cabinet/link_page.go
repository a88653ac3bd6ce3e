package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// linksShown is how many links the list has.
const linksShown = 30

// getLinks lists links, those that wait first as they come.
func (d *Door) getLinks(w http.ResponseWriter, r *http.Request) error {
	list, err := d.Links.Latest(r.Context(), of(r).session.Client, linksShown)
	if err != nil {
		return err
	}
	v := LinksView{Page: d.shown(w, r)}
	for _, l := range list {
		v.Links = append(v.Links, d.linkView(v.Page, l))
	}
	return d.render(w, r, http.StatusOK, LinksPage(v))
}

func (d *Door) getLink(w http.ResponseWriter, r *http.Request) error {
	l, err := d.link(r)
	if err != nil {
		return err
	}
	return d.renderLink(w, r, http.StatusOK, l, nil)
}

func (d *Door) link(r *http.Request) (claim.Link, error) {
	which, err := pathID(r, claim.Prefix)
	if err != nil {
		return claim.Link{}, err
	}
	return d.Links.One(r.Context(), of(r).session.Client, which)
}

func (d *Door) renderLink(w http.ResponseWriter, r *http.Request, status int, l claim.Link, problems ui.Errors) error {
	left := takeNotice(w, r)
	v, err := d.linkPage(r, l)
	if err != nil {
		return err
	}
	v.Fresh, v.Notice, v.Errors = left == noticeSent, words(v.P, left), problems
	return d.render(w, r, status, LinkPage(v))
}

// linkPage is what the page and its live update show.
func (d *Door) linkPage(r *http.Request, l claim.Link) (LinkView, error) {
	v := d.linkView(d.page(r), l)
	cards, err := d.wallet(r)
	if err != nil {
		return v, err
	}
	if k, ok := byAccount(cards, l.From); ok {
		v.From = k.shown
	}
	return v, nil
}

func (d *Door) linkView(p ui.Page, l claim.Link) LinkView {
	v := LinkView{
		Page: p, ID: l.Text(), Phone: l.Phone.Pretty(), State: l.State.String(), Amount: l.Amount, Fee: l.Fee, Total: l.Total,
		Message: l.Message, Way: l.Way.String(), Spent: l.Spent, At: l.At, Until: l.Until, DoneAt: l.DoneAt,
	}
	if l.Reason != "" {
		v.Reason = p.P.T(payout.ReasonKey(l.Reason))
	}
	return v
}

// postLinkCancel brings the money back, unless a receiver was faster.
func (d *Door) postLinkCancel(w http.ResponseWriter, r *http.Request) error {
	which, err := pathID(r, claim.Prefix)
	if err != nil {
		return err
	}
	who := of(r).session.Client
	l, err := d.Links.Cancel(r.Context(), who, which)
	if errors.Is(err, claim.ErrUnderWay) || errors.Is(err, claim.ErrGone) {
		problems, broken := explain(d.page(r).P, err)
		if broken != nil {
			return broken
		}
		if l, broken = d.Links.One(r.Context(), who, which); broken != nil {
			return broken
		}
		return d.renderLink(w, r, web.Status(err), l, problems)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/links/"+l.Text())
}

// getLinkSigned is the receipt as a file.
func (d *Door) getLinkSigned(w http.ResponseWriter, r *http.Request) error {
	l, err := d.link(r)
	if err != nil {
		return err
	}
	raw, err := d.Orders.Receipt(r.Context(), of(r).session.Client, l.Order)
	if err != nil {
		return err
	}
	return download(w, "application/json", "rocketbank-"+l.Text()+".json", raw)
}
