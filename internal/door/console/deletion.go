package console

import (
	"net/http"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/privacy"
	"rocketbank/internal/base/id"
)

// DeletionLine is a request to delete in a list.
type DeletionLine struct {
	ID, UID, Masked, Made, AnswerBy, Changed string
	State                                    privacy.DeletionState
	Late                                     bool
}

// DeletionsView lists the requests that wait, the most urgent first.
type DeletionsView struct {
	Page
	Lines []DeletionLine
}

// DeletionView is one request with what its answer says.
type DeletionView struct {
	Page
	Line       DeletionLine
	Gone, Kept []string
}

// maxDeletions bounds the list of requests.
const maxDeletions = 200

func (d *Door) deletionLine(r *http.Request, x privacy.Deletion) (DeletionLine, error) {
	who, err := d.Clients.ByID(r.Context(), x.Client)
	return DeletionLine{
		ID: x.ID.Text(privacy.DeletionPrefix), UID: who.UID.Text(client.Prefix), Masked: who.Name.Masked(), Made: stampOf(x.Made),
		AnswerBy: stampOf(x.AnswerBy), Changed: stampOf(x.Changed), State: x.State,
		Late: x.State == privacy.Asked && d.DB.Now().After(x.AnswerBy),
	}, err
}

func (d *Door) getDeletions(w http.ResponseWriter, r *http.Request) error {
	v := DeletionsView{Page: d.shown(w, r)}
	due, err := d.Privacy.DueDeletions(r.Context(), maxDeletions)
	if err != nil {
		return err
	}
	for _, x := range due {
		line, err := d.deletionLine(r, x)
		if err != nil {
			return err
		}
		v.Lines = append(v.Lines, line)
	}
	return d.render(w, r, http.StatusOK, DeletionsPage(v))
}

// getDeletion shows what the answer will say, kind by kind: what the law makes
// the bank keep and until when, and what is deleted with the answer.
func (d *Door) getDeletion(w http.ResponseWriter, r *http.Request) error {
	key, err := id.Parse(privacy.DeletionPrefix, r.PathValue("id"))
	if err != nil {
		return privacy.ErrNoDeletion
	}
	x, err := d.Privacy.Deletion(r.Context(), key)
	if err != nil {
		return err
	}
	v := DeletionView{Page: d.shown(w, r)}
	if v.Line, err = d.deletionLine(r, x); err != nil {
		return err
	}
	verdicts, err := d.Privacy.Verdicts(r.Context(), x)
	if err != nil {
		return err
	}
	for _, one := range verdicts {
		if one.Gone {
			v.Gone = append(v.Gone, one.Sentence(v.P))
		} else {
			v.Kept = append(v.Kept, one.Sentence(v.P))
		}
	}
	return d.render(w, r, http.StatusOK, DeletionPage(v))
}

func (d *Door) postDeletion(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	key, err := id.Parse(privacy.DeletionPrefix, r.PathValue("id"))
	if err != nil {
		return privacy.ErrNoDeletion
	}
	if _, err := d.Privacy.AnswerDeletion(r.Context(), c.actor, key); err != nil {
		return err
	}
	leaveNotice(w, "deletion_answered")
	return seeOther(w, r, "/deletions/"+r.PathValue("id"))
}
