;;; layer-mode.el --- Major mode for .layer files  -*- lexical-binding: t -*-

;; Colours, comments and indentation for .layer files, and `layc lsp' for eglot.

;;; Code:

(require 'compile)
(require 'url-util)

(defvar layc-command "layc" "The layc command.")

(defvar layer-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?_ "w" table)
    (modify-syntax-entry ?' "." table)
    table))

(defconst layer-mode-font-lock-keywords
  '(("^\\(component\\|app\\|slot\\|user\\|param\\|let\\)\\s-+\\(\\w+\\)"
     (1 font-lock-keyword-face) (2 font-lock-function-name-face))
    ("^\\s-*\\(import\\|fleet\\|app\\|let\\|if\\|for\\|match\\|}?\\s-*else\\)\\_>" 1 font-lock-keyword-face)
    ("^\\s-+\\([a-z]+\\)\\_>\\s-*[^ \t\n:=.,(){}]" 1 font-lock-keyword-face)
    ("\\_<\\(true\\|false\\|none\\)\\_>" . font-lock-constant-face)))

(defun layer-mode--close-block ()
  "Make the quotes at point a string's end that syntax tables know."
  (let* ((start (match-beginning 0))
         (state (save-excursion (syntax-ppss start))))
    (unless (nth 4 state)
      (put-text-property (if (nth 3 state) (1- (match-end 0)) start)
                         (if (nth 3 state) (match-end 0) (1+ start))
                         'syntax-table (string-to-syntax "|")))))

(defun layer-mode-indent-line ()
  "Indent a line one level further in than its innermost open bracket."
  (interactive)
  (let* ((state (save-excursion (syntax-ppss (line-beginning-position))))
         (open (nth 1 state)))
    (unless (nth 3 state)
      (let ((column (if open (save-excursion (goto-char open) (+ (current-indentation) 4)) 0))
            (point (- (point-max) (point))))
        (save-excursion
          (back-to-indentation)
          (when (looking-at "[])}]") (setq column (max 0 (- column 4)))))
        (indent-line-to column)
        (when (> (- (point-max) point) (point))
          (goto-char (- (point-max) point)))))))

;;;###autoload
(define-derived-mode layer-mode prog-mode "Layer"
  "Major mode for the .layer files of layc."
  (setq-local comment-start "# ")
  (setq-local comment-start-skip "#+\\s-*")
  (setq-local font-lock-defaults '(layer-mode-font-lock-keywords))
  (setq-local indent-line-function #'layer-mode-indent-line)
  (setq-local indent-tabs-mode nil)
  (setq-local syntax-propertize-function
              (syntax-propertize-rules ("\"\"\"" (0 (ignore (layer-mode--close-block)))))))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.layer\\'" . layer-mode))

;;;###autoload
(defun layer-build ()
  "Build the images of the module.
Then the server shows the errors of the build, with their fixes."
  (interactive)
  (save-some-buffers)
  (let ((source (current-buffer))
        (dir (expand-file-name default-directory))
        (result (make-temp-file "layc")))
    (with-current-buffer
        (compile (mapconcat #'shell-quote-argument (list layc-command "build" "--json-file" result) " "))
      (add-hook 'compilation-finish-functions
                (lambda (&rest _) (layer-mode--built source dir result)) nil t))))

(defun layer-mode--built (source dir result)
  "Tell the server of the buffer SOURCE the RESULT of a build in DIR."
  (with-temp-buffer
    (insert-file-contents result)
    (delete-file result)
    (when-let ((server (and (> (buffer-size) 0) (fboundp 'eglot-current-server)
                            (with-current-buffer source (eglot-current-server))))
               (built (json-parse-buffer :object-type 'plist :false-object :json-false))
               (uri (concat "file://" (url-hexify-string dir url-path-allowed-chars))))
      (jsonrpc-request server :workspace/executeCommand
                       `(:command "layc.built" :arguments [,uri ,built])))))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs `(layer-mode . (,layc-command "lsp"))))

(provide 'layer-mode)
;;; layer-mode.el ends here
