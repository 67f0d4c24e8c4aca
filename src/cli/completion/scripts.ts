/*
 * What each shell needs to ask `bulkhead complete`: the tree of commands is not in them, so they stay right when it changes. The answer is a
 * line `words`, `files` or `directories`, and for the first of these a line `value<TAB>description` for each.
 */

export const completionShells = ['bash', 'zsh', 'fish'] as const;
export type CompletionShell = (typeof completionShells)[number];

/** bash 3.2 and newer. bash takes `--name=x` for three words, and replaces what is behind the equals sign. */
const bash = String.raw`# Completion of bulkhead for bash: eval "$(bulkhead completion bash)"
_bulkhead() {
	local words=() word glued='' index answer kind current value flag
	COMPREPLY=()
	for ((index = 1; index <= COMP_CWORD; index++)); do
		word=${'$'}{COMP_WORDS[index]}
		if [[ ${'$'}{#words[@]} -gt 0 && ( -n $glued || $word == = ) ]]; then
			words[${'$'}{#words[@]}-1]+=$word
			if [[ $word == = ]]; then glued=1; else glued=''; fi
		else
			words+=("$word")
		fi
	done
	answer=$(bulkhead complete -- "${'$'}{words[@]}" 2>/dev/null) || return 0
	kind=${'$'}{answer%%$'\n'*}
	current=${'$'}{words[${'$'}{#words[@]}-1]}
	value=$current
	if [[ $current == --*=* ]]; then value=${'$'}{current#*=}; fi
	if [[ $kind == files || $kind == directories ]]; then
		flag=-f
		if [[ $kind == directories ]]; then flag=-d; fi
		compopt -o filenames 2>/dev/null
		while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$flag" -- "$value")
	elif [[ $answer == *$'\n'* ]]; then
		while IFS=$'\t' read -r word _; do
			if [[ $current == --*=* ]]; then word=${'$'}{word#*=}; fi
			COMPREPLY+=("$word")
		done <<< "${'$'}{answer#*$'\n'}"
	fi
}
complete -F _bulkhead bulkhead
`;

/** By `eval`, or as the file _bulkhead in a directory of fpath. */
const zsh = String.raw`#compdef bulkhead
# Completion of bulkhead for zsh, after compinit: eval "$(bulkhead completion zsh)"
_bulkhead() {
	local -a lines candidates
	local line
	lines=("${'$'}{(@f)$(bulkhead complete -- "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null)}")
	case ${'$'}{lines[1]} in
		files|directories)
			compset -P '--*='
			if [[ ${'$'}{lines[1]} == files ]]; then _files; else _files -/; fi
			;;
		words)
			for line in "${'$'}{(@)lines[2,-1]}"; do
				candidates+=("${'$'}{${'$'}{line%%$'\t'*}//:/\\:}:${'$'}{line#*$'\t'}")
			done
			_describe -t values value candidates
			;;
	esac
}
if [[ ${'$'}{funcstack[1]} == _bulkhead ]]; then _bulkhead "$@"; else compdef _bulkhead bulkhead; fi
`;

const fish = String.raw`# Completion of bulkhead for fish: bulkhead completion fish | source
function __bulkhead_complete
	set -l words (commandline -opc)
	set -e words[1]
	set -l current (commandline -ct)
	if not set -q current[1]
		set current ''
	end
	set -l lines (bulkhead complete -- $words $current 2>/dev/null)
	set -l kind $lines[1]
	set -e lines[1]
	switch "$kind"
		case files
			__fish_complete_path $current
		case directories
			__fish_complete_directories $current
		case words
			if set -q lines[1]
				printf '%s\n' $lines
			end
	end
end
complete -c bulkhead -f -a '(__bulkhead_complete)'
`;

export const completionScripts: Readonly<Record<CompletionShell, string>> = { bash, zsh, fish };
