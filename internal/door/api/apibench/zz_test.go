package apibench_test

import (
	"context"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"rocketbank/internal/base/bench"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/door/api/apibench"
)

func cpu() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(0, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func TestTmpLoad(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("CALLERS"))
	if n == 0 {
		return
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		run := func(sec int) (bench.Figure, time.Duration) {
			c0 := cpu()
			f, err := apibench.Run(context.Background(), d, apibench.Config{
				Load: bench.Load{Callers: n, For: time.Duration(sec) * time.Second}, Accounts: 5000,
			})
			if err != nil {
				t.Error(err)
			}
			return f, cpu() - c0
		}
		f1, c1 := run(1)
		f2, c2 := run(15)
		t.Logf("%+v cpu/op %v", f2, (c2-c1)/time.Duration(f2.Ops-f1.Ops))
	})
}
