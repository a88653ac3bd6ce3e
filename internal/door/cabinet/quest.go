package cabinet

import (
	"github.com/a-h/templ"

	"rocketbank/internal/door/ui"
)

// quest is what a page of the questionnaire tells its shell.
func (v QuestView) quest() ui.Quest {
	q := ui.Quest{Label: v.P.T("cabinet.quest.label"), Why: questWhy(v), Home: "/"}
	if v.Old {
		q.Home = "/home"
	}
	for i, at := range questPages() {
		s := ui.Stage{Title: v.P.T("cabinet.quest." + string(at)), Done: v.Done[at]}
		switch {
		case at == v.At:
			q.At = i + 1
		case at == QuestPhone:
			s.Done = v.At != QuestPhone // the phone is proved; it is no place to go back to
		case v.At != QuestPhone && (s.Done || v.reached(at)):
			s.Href = templ.SafeURL(at.Href())
		}
		q.Stages = append(q.Stages, s)
	}
	if q.At == 0 { // the check ends the last step
		q.At = len(q.Stages)
	}
	return q
}

// reached tells that everything before a page is done.
func (v QuestView) reached(at QuestPage) bool {
	for _, before := range questPages()[1:] {
		if before == at {
			return true
		}
		if !v.Done[before] {
			return false
		}
	}
	return true
}

func (v QuestView) frame() ui.Frame {
	return ui.Frame{Title: v.P.T("cabinet." + string(v.At) + ".title"), Sheet: "order.css", Module: "order.js"}
}

// back is the page before this one; empty on the first that can be changed.
func (v QuestView) back() QuestPage {
	all := append(questPages(), QuestCheck)
	for i, at := range all {
		if at == v.At && i > 1 {
			return all[i-1]
		}
	}
	return ""
}

// reasons lists the keys of why a page is asked for.
func (v QuestView) reasons() []string {
	n := map[QuestPage]int{QuestPhone: 2, QuestPerson: 2, QuestPassport: 3, QuestAddress: 2, QuestScans: 3, QuestWord: 2, QuestCheck: 2}[v.At]
	var out []string
	for i := range n {
		out = append(out, "cabinet.quest.why."+string(v.At)+string(rune('1'+i)))
	}
	return out
}

// rule gives a field its shape, its rule, and the words of the rule, for the
// page's script.
func rule(p ui.Page, shape, name string, words ...string) templ.Attributes {
	out := templ.Attributes{"data-rule": name}
	if shape != "" {
		out["data-shape"] = shape
	}
	for _, w := range words {
		out["data-bad-"+w] = p.P.T("cabinet.bad." + w)
	}
	return out
}

func (s Shot) title(p ui.Page) string { return p.P.T("cabinet.scans." + s.Page) }
