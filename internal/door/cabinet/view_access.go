package cabinet

import "rocketbank/internal/door/ui"

// UnprovedView answers a form that a device with a key sent without its
// signature; status 403.
type UnprovedView struct {
	ui.Page
	Again string // the page the form is on, with what was typed where it can be kept
	Kept  bool   // … and it was kept
	Stale bool   // the page had been open for too long
}
