package cabinet

// The pages of the cabinet are pure: every page is a templ component over a
// view model from the view_*.go files. A handler fills the model and renders
// it; a page reads no service and decides nothing about money.
