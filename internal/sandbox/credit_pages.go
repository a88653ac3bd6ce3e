package sandbox

import "net/http"

// shownCredits bounds the page of other banks' cards.
const shownCredits = 50

type creditsData struct {
	Credits []credit
	Purses  []purse
	Cards   []receiver
}

func (d *door) creditsData() creditsData {
	return creditsData{d.credits.latest(shownCredits), d.credits.purses(), receivers()}
}

// getCredits shows what other banks' cards were sent.
func (d *door) getCredits(w http.ResponseWriter, r *http.Request) error {
	s := d.sheet(r, "sandbox.credits.title", d.creditsData())
	s.Refresh = 5
	return d.print(w, http.StatusOK, "credits.html", "layout", s)
}

// getCreditsJSON tells programs the same.
func (d *door) getCreditsJSON(w http.ResponseWriter, _ *http.Request) error {
	data := d.creditsData()
	return writeJSON(w, http.StatusOK, struct {
		Credits []credit   `json:"credits"`
		Purses  []purse    `json:"purses"`
		Cards   []receiver `json:"cards"`
	}{append([]credit{}, data.Credits...), data.Purses, data.Cards})
}
