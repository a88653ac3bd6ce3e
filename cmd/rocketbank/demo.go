package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"rocketbank/internal/app"
)

type demoCmd struct {
	Addr         string `default:"127.0.0.1:8080" help:"Where the cabinet and the API listen."`
	Data         string `default:"demo-data" placeholder:"DIR" help:"Folder for the database, the demo's own keys and the sandbox."`
	DB           string `name:"db" placeholder:"URL" help:"sqlite:PATH or postgres://… (SQLite inside the data folder when not given)."`
	SandboxAddr  string `placeholder:"ADDR" help:"Where the sandbox listens (a free port when not given)."`
	PartnersAddr string `placeholder:"ADDR" help:"Where partners post their callbacks (a free port when not given)."`
	MetricsAddr  string `placeholder:"ADDR" help:"Where /metrics is (a free port when not given)."`
	ConsoleAddr  string `placeholder:"ADDR" help:"Where the staff's console listens (a free port when not given)."`
	ACSAddr      string `name:"acs-addr" placeholder:"ADDR" help:"Where 3-D Secure finds the bank (a free port when not given)."`
	CardhostAddr string `placeholder:"ADDR" help:"Where the card network's ISO 8583 line listens (a free port when not given)."`
	NetworkAddr  string `placeholder:"ADDR" help:"Where the sandbox takes credits to other banks' cards (a free port when not given)."`
	AuditReport  string `default:"audit-report.json" placeholder:"FILE" help:"What make audit wrote, for the console's page."`
	Verbose      bool   `short:"v" help:"Log every request to standard error."`
}

// Run starts the demo. It runs until it is interrupted.
func (c demoCmd) Run(ctx context.Context, out io.Writer) error {
	level := slog.LevelWarn
	if c.Verbose {
		level = slog.LevelInfo
	}
	folder, err := filepath.Abs(c.Data)
	if err != nil {
		return err
	}
	return app.Demo(ctx, app.DemoConfig{
		Folder: folder, DB: c.DB, Addr: c.Addr, SandboxAddr: c.SandboxAddr, PartnersAddr: c.PartnersAddr, MetricsAddr: c.MetricsAddr,
		ConsoleAddr: c.ConsoleAddr, CardhostAddr: c.CardhostAddr, ACSAddr: c.ACSAddr, NetworkAddr: c.NetworkAddr, AuditReport: c.AuditReport,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})), Out: out,
	})
}
