package ui

import "github.com/a-h/templ"

// Stage is one step of a questionnaire, as its list of steps shows it.
type Stage struct {
	Title string
	Href  templ.SafeURL // where it can be looked at again; empty: not yet
	Done  bool
}

// Quest is what a page of a questionnaire tells its shell.
type Quest struct {
	Label  string  // what the steps lead to, for those who do not see the page
	Stages []Stage // all steps; none: the page stands outside of them
	At     int     // which of them this is, from 1
	Home   templ.SafeURL
	Why    templ.Component // beside the form on a desktop, below it on a phone; may be nil
}

// QuestShell is the frame of a questionnaire: on a phone one question at a time,
// on a desktop the steps on the left and the reasons on the right.
func QuestShell(p Page, f Frame, q Quest) templ.Component {
	return withChildren(p, func() templ.Component { return document(p, f, questFrame(p, q)) })
}

func (q Quest) home() templ.SafeURL {
	if q.Home == "" {
		return "/"
	}
	return q.Home
}

// Choice is one of a few things to choose from. Icon, Tile and Text are for
// choices that need a reason.
type Choice struct{ Value, Label, Text, Icon, Tile string }
