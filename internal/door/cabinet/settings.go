package cabinet

import (
	"net/http"

	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// getSettings needs no session: strangers choose a language and a theme too.
func (d *Door) getSettings(w http.ResponseWriter, r *http.Request) error {
	return d.render(w, r, http.StatusOK, SettingsPage(SettingsView{Page: d.shown(w, r)}))
}

// postSettings keeps a choice in a cookie and comes back. The language of a
// client is also that of his messages. What is no choice of ours is refused.
func (d *Door) postSettings(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	if faults := c.form.Faults(); len(faults) > 0 {
		return faults[0]
	}
	if c.form.Has("lang") {
		lang := locale.Lang(c.form.Get("lang"))
		if lang != locale.Russian && lang != locale.English {
			return web.ErrForm
		}
		if c.inside {
			if err := d.Clients.SetLang(r.Context(), c.session.Client, lang); err != nil {
				return err
			}
		}
		web.SetCookie(w, langCookie, string(lang), choiceLife)
	}
	if c.form.Has("theme") {
		switch t := c.form.Get("theme"); t {
		case string(ui.Light), string(ui.Dark):
			web.SetCookie(w, themeCookie, t, choiceLife)
		case "system":
			web.DropCookie(w, themeCookie)
		default:
			return web.ErrForm
		}
	}
	if c.form.Has("sums") {
		switch c.form.Get("sums") {
		case "hidden":
			web.SetCookie(w, sumsCookie, "hidden", choiceLife)
		case "shown":
			web.DropCookie(w, sumsCookie)
		default:
			return web.ErrForm
		}
	}
	back, ok := web.LocalPath(c.form.Get("back"))
	if !ok {
		back = "/profile/settings"
	}
	return seeOther(w, r, back)
}

func (d *Door) getHelp(w http.ResponseWriter, r *http.Request) error {
	return d.render(w, r, http.StatusOK, HelpPage(HelpView{Page: d.shown(w, r)}))
}

func (d *Door) getGuide(w http.ResponseWriter, r *http.Request) error {
	guide := r.PathValue("guide")
	if !GuideExists(guide) {
		return web.ErrNotFound
	}
	return d.render(w, r, http.StatusOK, GuidePage(GuideView{Page: d.shown(w, r), Guide: guide}))
}
