package console

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// act runs what a form asks for and comes back to the application.
func (d *Door) act(w http.ResponseWriter, r *http.Request, notice string, do func(by staff.Actor, key id.ID) error) error {
	key, err := applicationKey(r)
	if err != nil {
		return err
	}
	err = errors.Join(of(r).form.Faults("page")...)
	if err == nil {
		err = do(of(r).actor, key)
	}
	if err != nil {
		return d.refusedApplication(w, r, err)
	}
	if notice != "" {
		leaveNotice(w, notice)
	}
	return back(w, r)
}

// postTake makes the actor the manager of an application, and its case his.
func (d *Door) postTake(w http.ResponseWriter, r *http.Request) error {
	return d.act(w, r, "", func(by staff.Actor, key id.ID) error {
		if err := d.Applications.Take(r.Context(), by, key); err != nil {
			return err
		}
		return d.moveCase(r, by, key, by.ID())
	})
}

// postRelease gives it back to the queue.
func (d *Door) postRelease(w http.ResponseWriter, r *http.Request) error {
	return d.act(w, r, "released", func(by staff.Actor, key id.ID) error {
		if err := d.Applications.Release(r.Context(), by, key); err != nil {
			return err
		}
		return d.moveCase(r, by, key, id.ID{})
	})
}

func (d *Door) moveCase(r *http.Request, by staff.Actor, key id.ID, to id.ID) error {
	ctx := r.Context()
	return d.DB.Write(ctx, func(tx db.Tx) error {
		c, err := d.Staff.OpenCaseTx(ctx, tx, by.Ref(), staff.NewCase{Kind: staff.CaseApplication, Subject: key.Text(application.Prefix), Assignee: to})
		if err != nil || c.Assignee == to {
			return err
		}
		_, err = d.Staff.HandOverTx(ctx, tx, c.ID, to)
		return err
	})
}

// postOpenApplication opens the data for a reason.
func (d *Door) postOpenApplication(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), of(r)
	key, err := applicationKey(r)
	if err != nil {
		return err
	}
	target := staff.Target{Subject: key.Text(application.Prefix)}
	if own, err := d.Staff.CaseOn(ctx, d.DB, target.Subject); err == nil {
		target.Client = own.Client
	} else if !errors.Is(err, staff.ErrMissing) {
		return err
	}
	look, err := d.Staff.Look(ctx, c.actor, target, staff.WhatQuestions, c.form.Get("reason"))
	if err != nil {
		if errors.Is(err, staff.ErrNoCase) {
			err = application.ErrNotYours
		}
		return d.refusedApplication(w, r, err)
	}
	return seeOther(w, r, "/applications/"+target.Subject+"?look="+look.ID.Text(staff.LookPrefix))
}

// postCall begins a call: the person reads the phrase from now on.
func (d *Door) postCall(w http.ResponseWriter, r *http.Request) error {
	return d.act(w, r, "", func(by staff.Actor, key id.ID) error {
		_, err := d.Applications.BeginCall(r.Context(), by, key, of(r).form.Has("anyway"))
		return err
	})
}

func (d *Door) postCallEnd(w http.ResponseWriter, r *http.Request) error {
	return d.act(w, r, "call_kept", func(by staff.Actor, key id.ID) error {
		f := of(r).form
		call, err := id.Parse(application.CallPrefix, f.Get("call"))
		if err != nil {
			return application.ErrState
		}
		outcome, ok := application.ParseOutcome(f.Get("outcome"))
		if !ok {
			return application.ErrOutcome.At("outcome")
		}
		row, err := d.Applications.Line(r.Context(), by, key.Text(application.Prefix))
		if err != nil {
			return err
		}
		again := againAt(f.Get("again_day"), f.Get("again_time"), row.LocalTime.Location())
		return d.Applications.RecordCall(r.Context(), by, key, call, outcome, again, f.Get("note"))
	})
}

func (d *Door) postRetake(w http.ResponseWriter, r *http.Request) error {
	return d.act(w, r, "retake_asked", func(by staff.Actor, key id.ID) error {
		return d.Applications.AskRetake(r.Context(), by, key, askedPages(of(r).form.Get))
	})
}

// postApprove makes the person a client. The case ends with it; who looked at
// the application is told to the client it became.
func (d *Door) postApprove(w http.ResponseWriter, r *http.Request) error {
	return d.act(w, r, "taken_on", func(by staff.Actor, key id.ID) error {
		done, err := d.Applications.Approve(r.Context(), by, key, ticked(of(r).form.Has))
		if err != nil {
			return err
		}
		return d.closeCase(r, key, done.Client)
	})
}

func (d *Door) postRefuse(w http.ResponseWriter, r *http.Request) error {
	return d.act(w, r, "turned_down", func(by staff.Actor, key id.ID) error {
		f := of(r).form
		if err := d.Applications.Refuse(r.Context(), by, key, application.RefuseReason(f.Get("reason")), f.Get("note")); err != nil {
			return err
		}
		return d.closeCase(r, key, 0)
	})
}

// closeCase ends the case of a decided application. Asked again it finds
// nothing to do.
func (d *Door) closeCase(r *http.Request, key id.ID, who client.ID) error {
	ctx, subject := r.Context(), key.Text(application.Prefix)
	return d.DB.Write(ctx, func(tx db.Tx) error {
		c, err := d.Staff.CaseOn(ctx, tx, subject)
		if errors.Is(err, staff.ErrMissing) {
			return nil
		}
		if err != nil {
			return err
		}
		if who != 0 && c.Client == 0 {
			if _, err := d.Staff.BecomesTx(ctx, tx, c.ID, who); err != nil {
				return err
			}
			if err := d.Staff.LooksBecomeTx(ctx, tx, subject, who); err != nil {
				return err
			}
		}
		_, err = d.Staff.CloseCaseTx(ctx, tx, c.ID)
		return err
	})
}

// postMet keeps that a courier has met the person.
func (d *Door) postMet(w http.ResponseWriter, r *http.Request) error {
	return d.act(w, r, "met", func(by staff.Actor, key id.ID) error {
		return d.Applications.RecordMeeting(r.Context(), by, key)
	})
}
