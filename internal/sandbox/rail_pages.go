package sandbox

import (
	"net/http"

	"rocketbank/internal/rail/iso20022"
)

// railData is the page of the other banks: what came to them, who is there.
type railData struct {
	Credits []railCredit
	Banks   []railBank
	Tempers []string
}

func (d *door) getRail(w http.ResponseWriter, r *http.Request) error {
	s := d.sheet(r, "sandbox.rail.title", railData{d.railway.latest(maxShown), railBanks, railTempers})
	s.Refresh = 5
	return d.print(w, http.StatusOK, "rail.html", "layout", s)
}

// postRailBack is the receiver's bank sending a credit back.
func (d *door) postRailBack(w http.ResponseWriter, r *http.Request) error {
	if err := d.railway.sendBack(r.PathValue("name")); err != nil {
		return err
	}
	return seeOther(w, r, "/rail")
}

// getRailJSON lists what came to the other banks, for programs.
func (d *door) getRailJSON(w http.ResponseWriter, _ *http.Request) error {
	type shown struct {
		Name        string          `json:"name"`
		Copies      int             `json:"copies"`
		AmountMinor int64           `json:"amount_minor"`
		Phone       string          `json:"phone"`
		Bank        string          `json:"bank"`
		Payer       string          `json:"payer"`
		Text        string          `json:"text"`
		Status      iso20022.Status `json:"status"`
		Reason      string          `json:"reason"`
		SentBack    bool            `json:"sent_back"`
	}
	out := []shown{}
	for _, c := range d.railway.latest(maxShown) {
		out = append(out, shown{c.Name, c.Copies, c.AmountMinor, c.Phone, c.To().ID, c.Payer, c.Text, c.Status, c.Reason, c.SentBack != ""})
	}
	return writeJSON(w, http.StatusOK, out)
}
