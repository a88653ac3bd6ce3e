package console

import "net/http"

func (d *Door) getHome(w http.ResponseWriter, r *http.Request) error {
	return d.render(w, r, http.StatusOK, HomePage(HomeView{Page: d.shown(w, r)}))
}

// HomeView is the first page: what waits for the member.
type HomeView struct{ Page }
