/// A shell that completes command lines.
package enum Shell: String, CaseIterable {
    case bash, zsh, fish

    /// The script that makes the shell complete the programs' command lines. It asks the programs themselves,
    /// so it need not change with them.
    package func completionScript(for programs: [String]) -> String {
        let names = programs.joined(separator: " ")
        let head = "# \(rawValue) completion of \(names): asks the programs for candidates.\n"
        switch self {
        case .bash: return head + bashScript + "complete -F _\(programs[0]) \(names)"
        case .zsh: return "#compdef \(names)\n" + head + zshScript + zshEnd(programs)
        case .fish:
            return head + fishScript
                + programs.map { "complete -c \($0) -f -k -a '(__ranksweep_complete)'" }
                .joined(separator: "\n")
        }
    }
}

private let bashScript = #"""
    _ranksweep() {
        local word found current=${COMP_WORDS[COMP_CWORD]}
        COMPREPLY=()
        while IFS=$'\t' read -r word _; do
            found=("$word")
            case $word in
            :files) mapfile -t found < <(compgen -f -- "${current#=}") ;;
            :folders) mapfile -t found < <(compgen -d -- "${current#=}") ;;
            esac
            case $word in
            :*) compopt -o filenames 2>/dev/null ;;
            *=) compopt -o nospace 2>/dev/null ;;
            esac
            COMPREPLY+=("${found[@]}")
        done < <("${COMP_WORDS[0]}" \#(completionWord) "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    }

    """#

private let zshScript = #"""
    _ranksweep() {
        local line
        local -a found open
        compset -P '--[^=]#='
        for line in "${(@f)$("${words[1]}" \#(completionWord) "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
            case $line in
            :files) _files ;;
            :folders) _files -/ ;;
            *=$'\t'*) open+=("${line%%$'\t'*}") ;;
            ?*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
            esac
        done
        _describe -V value found
        (( $#open )) && compadd -S '' -a open
    }

    """#

/// The script is a function's body when zsh loads it from a folder, and defines the function when it is sourced.
private func zshEnd(_ programs: [String]) -> String {
    """
    if [[ $funcstack[1] == _\(programs[0]) ]]; then
        _\(programs[0]) "$@"
    else
        compdef _\(programs[0]) \(programs.joined(separator: " "))
    fi
    """
}

private let fishScript = #"""
    function __ranksweep_complete
        set -l current (commandline -ct | string collect --allow-empty)
        set -l words (commandline -opc)
        set -l option (string match -r -- '^--[^=]*=' $current)
        set -l value (string replace -r -- '^--[^=]*=' '' $current)
        for line in ($words[1] \#(completionWord) $words[2..] $current 2>/dev/null)
            switch $line
                case :files
                    __fish_complete_path $value | string replace -r -- '^' "$option"
                case :folders
                    __fish_complete_directories $value | string replace -r -- '^' "$option"
                case '*'
                    echo "$option$line"
            end
        end
    end

    """#
