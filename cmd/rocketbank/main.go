// Command rocketbank is the whole bank in one program: the demo, the server,
// and the tools that look after its database.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"rocketbank/internal/bank/order"
)

// commands is the command line. Every flag may also be given in the
// environment (ROCKETBANK_…) or, for serve, in the file named by --config.
type commands struct {
	Demo     demoCmd     `cmd:"" help:"Run everything in one process: the bank, its sandbox and example people."`
	Serve    serveCmd    `cmd:"" help:"Run the bank for real clients."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the database's schema up to date, or show how it stands."`
	Verify   verifyCmd   `cmd:"" help:"Re-add the whole book and check every invariant."`
	Bench    benchCmd    `cmd:"" help:"Measure how fast money moves."`
	Backup   backupCmd   `cmd:"" help:"Write an encrypted backup of the database."`
	Restore  restoreCmd  `cmd:"" help:"Fill a new database from a backup and verify it."`
	Keys     keysCmd     `cmd:"" help:"Make, change, encrypt or count the keys under which personal data are sealed."`
	Staff    staffCmd    `cmd:"" help:"Let members of staff into the console, or out."`
	Clearing clearingCmd `cmd:"" help:"Post what the card network cleared."`
	Rates    ratesCmd    `cmd:"" help:"Keep the partner bank's exchange rates."`
	Tariff   tariffCmd   `cmd:"" help:"Keep or show what operations cost."`
	Bins     binsCmd     `cmd:"" help:"Keep the table by which a card's bank is known."`
	Agents   agentsCmd   `cmd:"" help:"Close a mobile operator or wallet for receivers of links, or open it again."`
	Inspect  inspectCmd  `cmd:"" help:"Decode and check one artefact."`
	APISign  apiSignCmd  `cmd:"" name:"api-sign" help:"Sign an order of the open API with a token's key."`
	Version  versionCmd  `cmd:"" help:"Tell which program this is."`
}

// errTold ends the program with exit code 1 after the command has already
// said on standard output what is wrong.
var errTold = errors.New("told")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c commands
	exit := -1
	p, err := kong.New(&c,
		kong.Name("rocketbank"),
		kong.Description("The personal account of a card bank."),
		kong.DefaultEnvars("ROCKETBANK"),
		kong.Configuration(kong.JSON),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(stdout, (*io.Writer)(nil)),
		kong.BindTo(os.Stdin, (*io.Reader)(nil)),
		kong.Vars{"keys_path": order.KeysPath},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(stderr, "rocketbank:", err)
		return 2
	}
	parsed, err := p.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		fmt.Fprintf(stderr, "rocketbank: %s; see rocketbank --help\n", oneLine(err))
		return 2
	}
	switch err := parsed.Run(); {
	case err == nil:
		return 0
	case errors.Is(err, errTold):
		return 1
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return 0 // stopped on request
	default:
		fmt.Fprintln(stderr, "rocketbank:", oneLine(err))
		return 1
	}
}

// oneLine keeps the promise that an error is one sentence.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
