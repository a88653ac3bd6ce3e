package console

import (
	"net/http"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/staff"
)

// HomeView is the first page: what waits for the member.
type HomeView struct {
	Page
	Cases   []CaseLine
	Waiting []ProposalLine
	Alerts  int // unseen ones, for who watches
}

func (d *Door) getHome(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), of(r)
	v := HomeView{Page: d.shown(w, r)}
	cases, err := d.Staff.Cases(ctx, c.actor)
	if err != nil {
		return err
	}
	for _, one := range cases {
		line := d.caseLine(v.Page, one)
		if one.Client != 0 {
			who, err := d.Clients.ByID(ctx, one.Client)
			if err != nil {
				return err
			}
			line.UID = who.UID.Text(client.Prefix)
		}
		v.Cases = append(v.Cases, line)
	}
	if c.actor.Has(staff.Clients) {
		waiting, err := d.Staff.Proposals(ctx, c.actor)
		if err != nil {
			return err
		}
		for _, one := range waiting {
			v.Waiting = append(v.Waiting, d.proposalLine(v.Page, one))
		}
	}
	if c.actor.Has(staff.Security) {
		alerts, err := d.Watch.Alerts(ctx, 200)
		if err != nil {
			return err
		}
		for _, a := range alerts {
			if a.Seen.IsZero() {
				v.Alerts++
			}
		}
	}
	return d.render(w, r, http.StatusOK, HomePage(v))
}
