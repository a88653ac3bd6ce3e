package api

import "net/http"

func (d *Door) serveDocs(w http.ResponseWriter, r *http.Request) {}
