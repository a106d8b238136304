// Package actions is a stand-in for the cache service of GitHub Actions, for tests. It speaks both
// versions of its protocol, and the part of Azure's blob storage that the second one needs.
package actions

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Service is a service with its entries.
type Service struct {
	URL string
	// Busy is how many requests are refused with the status 429.
	Busy int

	mu      sync.Mutex
	entries []*entry
	server  *httptest.Server
}

type entry struct {
	key, branch string
	text        []byte
	blocks      map[string][]byte
	complete    bool
}

// scope is a branch that a token is for.
type scope struct {
	Scope      string
	Permission int // 1: read, 3: also write
}

// New starts a service.
func New() *Service {
	s := &Service{}
	s.server = httptest.NewServer(s)
	s.URL = s.server.URL + "/"
	return s
}

// Close ends the service.
func (s *Service) Close() { s.server.Close() }

// Token returns a token for a job on a branch that reads others. The job writes nothing if the branch
// is empty.
func Token(branch string, reads ...string) string {
	var all []scope
	if branch != "" {
		all = append(all, scope{branch, 3})
	}
	for _, r := range reads {
		all = append(all, scope{r, 1})
	}
	access, _ := json.Marshal(all)
	claims, _ := json.Marshal(map[string]any{"ac": string(access), "nbf": time.Now().Add(-time.Hour).Unix(), "exp": time.Now().Add(time.Hour).Unix()})
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part(claims) + "." + part([]byte("signature"))
}

// Keys returns the keys of complete entries, sorted.
func (s *Service) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, e := range s.entries {
		if e.complete {
			all = append(all, e.key)
		}
	}
	slices.Sort(all)
	return all
}

// Remove removes the complete entries whose size and key the function chooses, as GitHub removes old
// ones, and returns their number.
func (s *Service) Remove(chosen func(key string, size int) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	removed := 0
	for _, e := range s.entries {
		if e.complete && chosen(e.key, len(e.text)) {
			*e = entry{}
			removed++
		}
	}
	return removed
}

// Reserve makes an entry that a job began to write, and that is never complete.
func (s *Service) Reserve(branch, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, &entry{key: key, branch: branch})
}

// scopes returns the branches of a request's token.
func scopes(r *http.Request) (all []scope, ok bool) {
	parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	if len(parts) != 3 {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct{ AC string }
	if err != nil || json.Unmarshal(raw, &claims) != nil || json.Unmarshal([]byte(claims.AC), &all) != nil {
		return nil, false
	}
	return all, true
}

// find returns the entry of a key, or else the newest one whose key begins with it, of the first branch
// that has one.
func (s *Service) find(branches []scope, key string) (int, *entry) {
	for _, b := range branches {
		at := -1
		for n, e := range s.entries {
			if !e.complete || e.branch != b.Scope {
				continue
			}
			if e.key == key {
				return n, e
			}
			if strings.HasPrefix(e.key, key) {
				at = n
			}
		}
		if at >= 0 {
			return at, s.entries[at]
		}
	}
	return 0, nil
}

// reserve adds an entry, and returns its number.
func (s *Service) reserve(branches []scope, key string) (int, error) {
	for _, b := range branches {
		if b.Permission&2 == 0 {
			continue
		}
		if slices.ContainsFunc(s.entries, func(e *entry) bool { return e.key == key && e.branch == b.Scope }) {
			return 0, fmt.Errorf("exists")
		}
		s.entries = append(s.entries, &entry{key: key, branch: b.Scope, blocks: map[string][]byte{}})
		return len(s.entries) - 1, nil
	}
	return 0, fmt.Errorf("read only")
}

// ServeHTTP implements [http.Handler].
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("X-Ms-Request-Id", "1")
	if s.Busy > 0 {
		s.Busy--
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusTooManyRequests)
		io.WriteString(w, `{"message": "slow down"}`)
		return
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/blob/"); ok {
		s.blob(w, r, name)
		return
	}
	branches, ok := scopes(r)
	if !ok {
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"message": "no token"}`)
		return
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/_apis/artifactcache/"); ok {
		s.first(w, r, name, branches)
		return
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/twirp/github.actions.results.api.v1.CacheService/"); ok {
		s.second(w, r, name, branches)
		return
	}
	http.NotFound(w, r)
}

// at is the signed URL of an entry.
func (s *Service) at(n int) string { return fmt.Sprintf("%sblob/%d?sig=secret", s.URL, n) }

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

type object = map[string]any

// first is version 1 of the protocol.
func (s *Service) first(w http.ResponseWriter, r *http.Request, name string, branches []scope) {
	var body struct {
		Key  string
		Size int
	}
	if r.Method == http.MethodPost {
		json.NewDecoder(r.Body).Decode(&body)
	}
	if name == "cache" {
		for _, key := range strings.Split(r.URL.Query().Get("keys"), ",") {
			if n, e := s.find(branches, key); e != nil {
				answer(w, 200, object{"cacheKey": e.key, "scope": e.branch, "archiveLocation": s.at(n)})
				return
			}
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if name == "caches" {
		n, err := s.reserve(branches, body.Key)
		if err != nil {
			answer(w, 409, object{"typeKey": "ArtifactCacheItemAlreadyExistsException", "message": "Cache already exists."})
			return
		}
		answer(w, 201, object{"cacheId": n + 1})
		return
	}
	n, err := strconv.Atoi(strings.TrimPrefix(name, "caches/"))
	if err != nil || n < 1 || n > len(s.entries) {
		http.NotFound(w, r)
		return
	}
	e := s.entries[n-1]
	if r.Method == http.MethodPatch {
		var from, to int
		fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/*", &from, &to)
		part, _ := io.ReadAll(r.Body)
		if missing := from + len(part) - len(e.text); missing > 0 {
			e.text = append(e.text, make([]byte, missing)...)
		}
		copy(e.text[from:], part)
		return
	}
	if len(e.text) != body.Size {
		answer(w, 400, object{"message": "wrong size"})
		return
	}
	e.complete = true
}

// second is version 2.
func (s *Service) second(w http.ResponseWriter, r *http.Request, name string, branches []scope) {
	var body struct {
		Key         string
		RestoreKeys []string `json:"restore_keys"`
		SizeBytes   int      `json:"size_bytes"`
	}
	json.NewDecoder(r.Body).Decode(&body)
	switch name {
	case "GetCacheEntryDownloadURL":
		for _, key := range append([]string{body.Key}, body.RestoreKeys...) {
			if n, e := s.find(branches, key); e != nil {
				answer(w, 200, object{"ok": true, "signed_download_url": s.at(n), "matched_key": e.key})
				return
			}
		}
		answer(w, 200, object{"ok": false})
	case "CreateCacheEntry":
		n, err := s.reserve(branches, body.Key)
		if err != nil {
			answer(w, 409, object{"code": "already_exists", "msg": "cache entry already exists"})
			return
		}
		answer(w, 200, object{"ok": true, "signed_upload_url": s.at(n)})
	case "FinalizeCacheEntryUpload":
		for _, e := range s.entries {
			if e.key == body.Key && e.branch == branches[0].Scope && len(e.text) == body.SizeBytes {
				e.complete = true
				answer(w, 200, object{"ok": true, "entry_id": "1"})
				return
			}
		}
		answer(w, 200, object{"ok": false, "message": "wrong size"})
	}
}

// blob is the store of texts.
func (s *Service) blob(w http.ResponseWriter, r *http.Request, name string) {
	n, err := strconv.Atoi(name)
	if err != nil || n >= len(s.entries) || r.URL.Query().Get("sig") != "secret" {
		http.NotFound(w, r)
		return
	}
	e := s.entries[n]
	if r.Method == http.MethodGet {
		if at := r.Header.Get("X-Ms-Range"); at != "" {
			r.Header.Set("Range", at)
		}
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(e.text)))
		return
	}
	body, _ := io.ReadAll(r.Body)
	switch r.URL.Query().Get("comp") {
	case "block":
		e.blocks[r.URL.Query().Get("blockid")] = body
	case "blocklist":
		var list struct {
			Latest []string
		}
		xml.Unmarshal(body, &list)
		e.text = nil
		for _, id := range list.Latest {
			e.text = append(e.text, e.blocks[id]...)
		}
	default:
		e.text = body
	}
	w.WriteHeader(http.StatusCreated)
}
